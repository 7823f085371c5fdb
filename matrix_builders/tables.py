"""Rows of the tables that builders and kernels take: one table for each noun.

A table of the meter has shape (9, T); one of the limits of K storages (7, K, T); their traits
(6, K); their tapers of J segments (2, K, T, J); the segments of an end value (2, E, S).
"""

# The meter: prices [$/kWh], limits and net load [kWh per interval], and 1 where solar may be left
# unused at will, 0 where no more is lost than the limit of exports or the inverter cuts.
IMPORT_PRICE = 0
EXPORT_PRICE = 1
IMPORT_LIMIT = 2
EXPORT_LIMIT = 3
IMPORT_EXCESS = 4
EXPORT_EXCESS = 5
CURTAIL_LIMIT = 6
NET_LOAD = 7
MAY_CURTAIL = 8
N_METER = 9

# Limits of storages: energy in and out [kWh per interval], then levels [kWh], then the least
# energy in, where there is any [kWh per interval].
CHARGE_LIMIT = 0
DISCHARGE_LIMIT = 1
STORED_LOWER = 2
STORED_UPPER = 3
SOFT_FLOOR = 4
SOFT_CEILING = 5
LEAST_CHARGE = 6
N_LIMITS = 7

# Traits of storages: energy now [kWh], one-way efficiencies [-], price of throughput and of
# missing a soft level [$/kWh], and 1 where the last charge may be below the least.
INITIAL = 0
CHARGE_EFFICIENCY = 1
DISCHARGE_EFFICIENCY = 2
WEAR = 3
LEVEL_PRICE = 4
ENDS_SHORT = 5
N_TRAITS = 6

# Tapers of storages: energy in of an empty one, were it not for other limits [kWh per interval],
# and how much less per stored kWh [-].
TAPER_EMPTY = 0
TAPER_FALL = 1

# Segments of an end value: length [kWh] and value [$/kWh].
END_WIDTH = 0
END_PRICE = 1

# Columns of the linear programme: cost [$ per kWh] and bounds [kWh]; its rows: bounds.
COST = 0
LOWER = 1
UPPER = 2
