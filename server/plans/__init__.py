"""Plans made and remembered: the worker, the pipeline, the last plans."""
