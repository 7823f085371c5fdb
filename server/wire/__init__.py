"""What goes over the wire: structs, JSON, and the warnings about both."""
