"""The small text-to-video model that ships with the project: words, scenes, network, pipeline."""
