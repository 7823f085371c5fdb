"""Tie-breaking: which of the plans of nearly the same cost is served."""
