"""The server under attack, under load and for a month on end: drivers, and a fast slice of each."""
