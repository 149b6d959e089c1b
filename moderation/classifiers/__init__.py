"""Detectors: each looks at text or frames and says how sure it is of what."""
