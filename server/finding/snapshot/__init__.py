"""Home Assistant as the search sees it: read once, small, and free of the link."""
