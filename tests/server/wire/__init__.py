"""JSON to structs."""
