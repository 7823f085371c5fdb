"""A request struct to a site: units converted, everything repaired noted."""
