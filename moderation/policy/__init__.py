"""What is allowed here: a file of rules, and the pure function that applies them."""
