"""Which clip comes next: pure arithmetic, no tables."""
