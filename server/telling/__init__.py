"""Commands and entities for Home Assistant, and what it may change."""
