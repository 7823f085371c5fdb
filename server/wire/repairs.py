"""The list of what was repaired: nothing is mended in silence."""

from server.wire.structs import WarningOut


class Repairs:
    """Warnings of one request, in the order in which they arose."""

    def __init__(self) -> None:
        self._warnings: list[WarningOut] = []

    def note(self, code: str, field: str, message: str) -> None:
        """Record that `field` was mended."""
        self._warnings.append(WarningOut(code, field, message))

    def as_list(self) -> list[WarningOut]:
        """Everything recorded so far."""
        return list(self._warnings)
