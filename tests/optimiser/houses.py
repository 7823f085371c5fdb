"""The house of `tests.builders` by its former name, for the tests of the server."""

from tests.builders import a_house as house

__all__ = ["house"]
