"""Requests to the real application, and the answers that were recorded for them."""
