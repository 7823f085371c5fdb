"""The installed wheel, as the tests of the add-on make it."""

from tests.addon.conftest import installed, pytest_collection_modifyitems, wheel

__all__ = ["installed", "pytest_collection_modifyitems", "wheel"]
