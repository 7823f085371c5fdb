"""Tests of the benchmark days."""
