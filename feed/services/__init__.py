"""What people put before others here."""
