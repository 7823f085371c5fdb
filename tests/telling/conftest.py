"""A fake Home Assistant, and a link to it."""

from tests.home_assistant.conftest import home_assistant, link

__all__ = ["home_assistant", "link"]
