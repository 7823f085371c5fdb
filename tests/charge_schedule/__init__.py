"""The charge schedule of evcc and EOS Connect, against a model of its own."""
