"""Consumption whose time is free within limits: loads that run once, and stores of heat."""
