"""Statistics of meters for tests."""

from datetime import UTC, datetime, timedelta

from server.home_assistant.statistics import Change

HOUR = timedelta(hours=1)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def changes_of(start, values, length=HOUR):
    """Rows of equal length; None is a missing one."""
    return [
        Change(start + i * length, start + (i + 1) * length, value)
        for i, value in enumerate(values)
        if value is not None
    ]
