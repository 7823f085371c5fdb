"""Benchmark days, made up and real, and what is measured on them."""

from benchmarks.packages import prefer_the_wheel

prefer_the_wheel()
