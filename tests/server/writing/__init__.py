"""Plans to replies."""
