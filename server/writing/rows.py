"""What the home batteries of a plan do as one: kernels over whole schedules.

The build of the wheel imports this module, and has little else to import.
"""

import numpy as np

from matrix_builders import Vector
from matrix_builders.arrays import Places
from matrix_builders.compiled import kernel
from optimiser.result.plan import COMMAND_THRESHOLD

CHARGE_CODE, _CONSUME, _EXPORT, _IDLE = range(4)


@kernel("i8(f8, f8, f8, f8, f8)")
def action_code(
    charge: float, discharge: float, to_load: float, to_grid: float, threshold: float
) -> int:
    """Place in `ACTIONS` of the action of one interval; see `choose_actions`."""
    if charge > threshold:
        return CHARGE_CODE
    if discharge > threshold:
        return _EXPORT if to_grid > to_load else _CONSUME
    return _IDLE


@kernel("void(f8[::1], f8[::1], f8[::1], f8[::1], f8, i8[::1])")
def choose_actions(
    charge: Vector,
    discharge: Vector,
    to_load: Vector,
    to_grid: Vector,
    threshold: float,
    codes: Places,
) -> None:
    """Choose the actions of `actions_of`, for powers of any unit.

    Parameters
    ----------
    charge, discharge, to_load, to_grid : float64 array, shape (T,)
        As there.
    threshold : float
        `COMMAND_THRESHOLD`, in the unit of the powers.
    codes : int64 array, shape (T,)
        Places in `ACTIONS`; modified in place.
    """
    for t in range(codes.size):
        codes[t] = action_code(charge[t], discharge[t], to_load[t], to_grid[t], threshold)


POWER_DIGITS, SOC_DIGITS = 4, 7
"""Digits of a reply after the point.

A tenth of a milliwatt keeps the bill true to 1e-4 $ even at the market cap for 48 h; such digits
of a state of charge keep the dynamics true to 1e-5.
"""

(
    CHARGE,
    DISCHARGE,
    BATTERY_CONSUME,
    BATTERY_EXPORT,
    GRID_IMPORT,
    GRID_EXPORT,
    SOLAR_TO_LOAD,
    SOLAR_TO_BATTERY,
    SOLAR_TO_GRID,
    GRID_TO_LOAD,
    GRID_TO_BATTERY,
    SOLAR_CURTAILED,
) = range(12)
"""Rows of the powers of a home."""

N_ROWS = 12

_POWER_SCALE, _SOC_SCALE = 10.0**POWER_DIGITS, 10.0**SOC_DIGITS
_THRESHOLD = 1000.0 * COMMAND_THRESHOLD  # W


@kernel(
    "void(f8[:, ::1], f8[:, ::1], f8[::1], f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[::1], f8[::1],"
    " Array(f8, 1, 'C', readonly=True), f8[:, ::1])"
)
def home_powers(
    charge: Vector,
    discharge: Vector,
    battery_to_load: Vector,
    battery_to_vehicle: Vector,
    battery_to_grid: Vector,
    grid_import: Vector,
    grid_export: Vector,
    solar_to_load: Vector,
    solar_to_vehicle: Vector,
    solar_to_battery: Vector,
    solar_to_grid: Vector,
    grid_to_load: Vector,
    grid_to_vehicle: Vector,
    grid_to_battery: Vector,
    curtailed: Vector,
    hours: Vector,
    powers: Vector,
) -> None:
    """Power of all that the schedule of a home shows; vehicles are load to it.

    Parameters
    ----------
    charge, discharge : float64 array, shape (K, T)
        Of its batteries. [kWh per interval]
    battery_to_load, ..., curtailed : float64 array, shape (T,), or (V, T) per vehicle
        As in `EnergyFlows` and `Dispatch`. [kWh per interval]
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    powers : float64 array, shape (12, T)
        Modified in place: rounded, never negative. [W]
    """
    for t in range(hours.size):
        charged = 0.0
        discharged = 0.0
        for k in range(charge.shape[0]):
            charged += charge[k, t]
            discharged += discharge[k, t]
        from_battery = 0.0
        from_solar = 0.0
        from_grid = 0.0
        for v in range(grid_to_vehicle.shape[0]):
            from_battery += battery_to_vehicle[v, t]
            from_solar += solar_to_vehicle[v, t]
            from_grid += grid_to_vehicle[v, t]
        powers[CHARGE, t] = charged
        powers[DISCHARGE, t] = discharged
        powers[BATTERY_CONSUME, t] = battery_to_load[t] + from_battery
        powers[BATTERY_EXPORT, t] = battery_to_grid[t]
        powers[GRID_IMPORT, t] = grid_import[t]
        powers[GRID_EXPORT, t] = grid_export[t]
        powers[SOLAR_TO_LOAD, t] = solar_to_load[t] + from_solar
        powers[SOLAR_TO_BATTERY, t] = solar_to_battery[t]
        powers[SOLAR_TO_GRID, t] = solar_to_grid[t]
        powers[GRID_TO_LOAD, t] = grid_to_load[t] + from_grid
        powers[GRID_TO_BATTERY, t] = grid_to_battery[t]
        powers[SOLAR_CURTAILED, t] = curtailed[t]
    for r in range(powers.shape[0]):
        for t in range(hours.size):
            if powers[r, t] > 0.0:  # most are not, and divisions take long
                power = powers[r, t] / hours[t] * 1000.0
                powers[r, t] = np.rint(power * _POWER_SCALE) / _POWER_SCALE
            else:
                powers[r, t] = 0.0


@kernel("void(f8[:, ::1], f8[::1], f8[::1], f8[::1])")
def mean_soc(stored: Vector, capacity: Vector, initial: Vector, soc: Vector) -> None:
    """State of charge of batteries as one, their capacities its weights.

    Parameters
    ----------
    stored : float64 array, shape (K, T)
        Energy at the end of each interval. [kWh]
    capacity, initial : float64 array, shape (K,)
        [kWh], and state of charge now [-]; one without capacity stays where it is.
    soc : float64 array, shape (T + 1,)
        Now, and at the end of each interval; modified in place: rounded. [-]
    """
    n = capacity.size
    total = capacity.sum()
    for t in range(soc.size):
        mean = 0.0
        for k in range(n):
            weight = capacity[k] / total if total > 0.0 else 1.0 / n
            level = initial[k]
            if t > 0 and capacity[k] > 0.0:
                level = stored[k, t - 1] / capacity[k]
            mean += weight * level
        soc[t] = np.rint(mean * _SOC_SCALE) / _SOC_SCALE + 0.0


@kernel("i8(i8[::1], f8[:, ::1], i8, Array(f8, 1, 'C', readonly=True), i8[::1], f8[::1])")
def first_runs(
    codes: Places, powers: Vector, charging: int, hours: Vector, begins: Places, means: Vector
) -> int:
    """Runs of intervals with one action, and the mean power of each.

    Parameters
    ----------
    codes : int64 array, shape (T,)
        Action of each interval.
    powers : float64 array, shape (12, T)
        As in `home_powers`. [W]
    charging : int
        Action whose power is that of the charge; others have that of the discharge.
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    begins : int64 array, shape (N + 1,)
        First interval of each of the first N runs, and what follows them; modified in place.
    means : float64 array, shape (N,)
        Modified in place. [W]

    Returns
    -------
    int
        How many runs there are; N at most.
    """
    run = 0
    begins[0] = 0
    energy = 0.0
    length = 0.0
    for t in range(codes.size):
        energy += powers[CHARGE if codes[t] == charging else DISCHARGE, t] * hours[t]
        length += hours[t]
        if t + 1 == codes.size or codes[t + 1] != codes[t]:
            means[run] = energy / length
            run += 1
            begins[run] = t + 1
            energy = 0.0
            length = 0.0
            if run == means.size:
                break
    return run


@kernel(
    "i8(f8[:, ::1], f8[:, ::1], f8[::1], f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[::1], f8[::1],"
    " Array(f8, 1, 'C', readonly=True), f8[:, ::1], f8[::1], f8[::1], b1, f8[:, ::1], f8[::1],"
    " i8[::1], i8[::1], f8[::1])"
)
def home_course(
    charge: Vector,
    discharge: Vector,
    battery_to_load: Vector,
    battery_to_vehicle: Vector,
    battery_to_grid: Vector,
    grid_import: Vector,
    grid_export: Vector,
    solar_to_load: Vector,
    solar_to_vehicle: Vector,
    solar_to_battery: Vector,
    solar_to_grid: Vector,
    grid_to_load: Vector,
    grid_to_vehicle: Vector,
    grid_to_battery: Vector,
    curtailed: Vector,
    hours: Vector,
    stored: Vector,
    capacity: Vector,
    initial: Vector,
    client_safe: bool,
    powers: Vector,
    soc: Vector,
    codes: Places,
    begins: Places,
    means: Vector,
) -> int:
    """All that the schedule of a home shows, in one pass from Python.

    Parameters
    ----------
    charge, ..., hours : float64 arrays
        As in `home_powers`.
    stored, capacity, initial : float64 arrays
        As in `mean_soc`.
    client_safe : bool
        Whether charging from solar alone is kept from a client that misreads it.
    powers : float64 array, shape (12, T)
        As in `home_powers`; modified in place. [W]
    soc : float64 array, shape (T + 1,)
        As in `mean_soc`; modified in place. [-]
    codes : int64 array, shape (T,)
        Places in `optimiser.result.plan.ACTIONS`; modified in place.
    begins : int64 array, shape (N + 1,)
        As in `first_runs`; modified in place.
    means : float64 array, shape (N,)
        As there; modified in place. [W]

    Returns
    -------
    int
        How many runs there are; N at most.
    """
    home_powers(
        charge,
        discharge,
        battery_to_load,
        battery_to_vehicle,
        battery_to_grid,
        grid_import,
        grid_export,
        solar_to_load,
        solar_to_vehicle,
        solar_to_battery,
        solar_to_grid,
        grid_to_load,
        grid_to_vehicle,
        grid_to_battery,
        curtailed,
        hours,
        powers,
    )
    if client_safe:
        for t in range(hours.size):
            if powers[GRID_TO_BATTERY, t] < 1.0:
                powers[CHARGE, t] = 0.0
    choose_actions(
        powers[CHARGE],
        powers[DISCHARGE],
        powers[BATTERY_CONSUME],
        powers[BATTERY_EXPORT],
        _THRESHOLD,
        codes,
    )
    mean_soc(stored, capacity, initial, soc)
    return first_runs(codes, powers, CHARGE_CODE, hours, begins, means)
