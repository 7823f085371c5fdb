"""JSON to sites and plans to JSON: units, repairs and rounding, here and nowhere else."""
