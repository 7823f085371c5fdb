"""Rows of the tables that kernels take: one table for each noun, its rows named here."""

# Rows of the table of the meter, shape (8, T).
IMPORT_PRICE = 0
EXPORT_PRICE = 1
IMPORT_LIMIT = 2
EXPORT_LIMIT = 3
IMPORT_EXCESS = 4
EXPORT_EXCESS = 5
CURTAIL_LIMIT = 6
NET_LOAD = 7
N_METER = 8
