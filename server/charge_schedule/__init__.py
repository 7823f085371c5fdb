"""The contract of the optimiser that evcc and EOS Connect ask, its model and its answers."""
