"""Requests to sites."""
