"""The physical optimum of several storages, or beside a least charging power."""
