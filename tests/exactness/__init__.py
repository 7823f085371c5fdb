"""The exact value function against three oracles that share nothing with it."""
