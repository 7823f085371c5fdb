"""Choices that the owner of a home confirmed, and the file that keeps them."""
