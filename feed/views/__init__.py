"""The feed, clips and what is said under them, over HTTP; one file a concern."""
