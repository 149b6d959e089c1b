"""What words mean, as numbers: no Django, no tables, no torch."""
