"""Prices, forecasts and limits: lists, or series that say when each value holds."""
