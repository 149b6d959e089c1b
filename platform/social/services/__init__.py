"""What people do to each other and to clips."""
