"""Batteries, cars, prices and solar forecasts, from the states of entities."""
