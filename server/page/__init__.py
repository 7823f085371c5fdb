"""The page that Home Assistant shows: read-only, on a port of its own."""

from server.page.site import LOOPBACK, SUPERVISOR, create_page, serving_page

__all__ = ["LOOPBACK", "SUPERVISOR", "create_page", "serving_page"]
