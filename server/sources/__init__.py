"""Prices and forecasts from the shapes in which Home Assistant holds them."""
