"""The order in which people are given things to judge: pure, without tables."""
