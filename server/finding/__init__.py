"""Proposals for the settings, from what a Home Assistant holds."""
