"""The physical optimum of several storages, or of chargers with a least power.

A linear programme allows what no house can do, and may earn money by it.  Its optimum is a lower
bound in any case; `steps` lists the ways from there to a physical plan, which share one incumbent.
"""
