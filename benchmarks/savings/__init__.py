"""Closed-loop savings: a simulated house replays data, and the books say what was saved.

Every half hour the house is planned anew over 48 h on what could be known by then; the command of
the running half hour is carried out against the load and the sun that really came; the books are
kept at the true prices, by an arithmetic of their own.

``python -m benchmarks.savings`` runs everything; ``--help`` tells the choices.
"""
