"""The exact optimum of a single storage, by dynamic programming over piecewise-linear functions."""
