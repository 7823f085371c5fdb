"""Proof that the add-on installs and runs: build its image, start it, plan in it, measure it.

``python -m addon.prove amd64`` builds the real Dockerfile without a Docker engine;
``python -m addon.prove arm64`` lays out the same tree for a Raspberry Pi and emulates its
processor.  Neither is part of the add-on or of the wheel.
"""
