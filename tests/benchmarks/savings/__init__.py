"""Tests of the closed-loop savings."""
