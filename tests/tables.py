"""The tables of a problem by the names of their rows, which is how a test reads and writes them."""

from types import SimpleNamespace

import numpy as np

from matrix_builders import StorageArrays, tables

METER = (
    "import_price",
    "export_price",
    "import_limit",
    "export_limit",
    "import_excess",
    "export_excess",
    "curtail_limit",
    "net_load",
    "may_curtail",
)
LIMITS = (
    "charge_limit",
    "discharge_limit",
    "stored_lower",
    "stored_upper",
    "soft_floor",
    "soft_ceiling",
    "least_charge",
)
TRAITS = (
    "initial",
    "charge_efficiency",
    "discharge_efficiency",
    "wear",
    "level_price",
    "ends_short",
)
END_VALUES = ("end_width", "end_price")


def table_of(names, values):
    """A new table: its rows are the values of these names."""
    rows = [np.asarray(values[name], dtype=np.float64) for name in names]
    table = np.empty((len(names), *rows[0].shape))
    for name, row in zip(names, rows, strict=True):
        table[getattr(tables, name.upper())] = row
    return table


def with_rows(table, **rows):
    """A copy of a table with other rows."""
    changed = table.copy()
    for name, row in rows.items():
        changed[getattr(tables, name.upper())] = row
    return changed


def storages_from(values, group, end_of):
    """`StorageArrays` of named rows."""
    values = {"ends_short": np.zeros_like(values["initial"], dtype=np.float64), **values}
    parts = [table_of(names, values) for names in (LIMITS, TRAITS, END_VALUES)]
    taper = np.zeros((2, *parts[0].shape[1:], 0))
    return StorageArrays(*parts[:2], np.array(group), np.array(end_of), parts[2], taper)


def meter_of(problem):
    """Rows of the meter's table, and its penalty."""
    rows = {name: problem.meter[getattr(tables, name.upper())] for name in METER}
    return SimpleNamespace(**rows, penalty=problem.penalty)


def storages_of(problem):
    """Rows of the tables of the storages."""
    limits, traits, group, end_of, end_values, _ = problem.storages
    named = {}
    for names, table in ((LIMITS, limits), (TRAITS, traits), (END_VALUES, end_values)):
        named |= {name: table[getattr(tables, name.upper())] for name in names}
    return SimpleNamespace(**named, group=group, end_of=end_of)
