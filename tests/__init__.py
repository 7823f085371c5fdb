"""Tests of PowerSync Optimiser."""
