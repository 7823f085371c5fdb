"""The version, from the one place that states it."""

from importlib.metadata import version

VERSION = version("powersync-optimiser")
