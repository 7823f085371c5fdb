"""The books of a home: readings, prices, plans, bills."""
