"""Planning one home by itself, from Home Assistant."""
