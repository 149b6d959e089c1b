"""What others ask of moderation, one file a concern."""
