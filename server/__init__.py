"""The HTTP server: JSON in, JSON out; knows the optimiser and computes nothing itself."""
