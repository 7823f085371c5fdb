"""A plan to a reply struct: units converted, once."""
