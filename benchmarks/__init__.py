"""Benchmark days, made up and real, and the timings run on them."""
