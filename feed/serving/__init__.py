"""What the feed keeps ready in Valkey and in memory, so that a page costs no query."""
