"""What follows from a verdict, whoever reached it: one transaction, one place."""
