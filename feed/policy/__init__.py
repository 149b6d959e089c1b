"""What holds for people of which age, and when the feed rests: pure rules, no tables."""
