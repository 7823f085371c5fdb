"""The home that is planned for by itself: when, from what, told to whom."""
