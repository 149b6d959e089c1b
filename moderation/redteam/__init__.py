"""Attacks on the screens, to know what they miss before others do."""
