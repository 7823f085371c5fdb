"""The problem as arrays, and the linear programme that the builders write of it."""
