"""Fuzzing: the API by its own document, the codec by any JSON, the decoder by its branches."""
