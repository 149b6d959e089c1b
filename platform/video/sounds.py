"""Sound as plain samples: 16-bit little-endian, two channels, 48,000 a second."""

RATE = 48_000
CHANNELS = 2
SAMPLE_BYTES = 2
