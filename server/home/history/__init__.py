"""Load, sun and peaks of a home, from the statistics of its meters."""
