"""What the audit measures: kernels of its own, that no solver and no account shares.

A NaN is as wrong as can be.  The lesser one of two may hide a NaN of the other, so each is
looked at by itself as well.
"""

import numpy as np

from matrix_builders import Vector
from matrix_builders.compiled import kernel
from optimiser.model.dispatch import DEAD_BAND

# Rows of the flows of the whole site, then of what each vehicle takes.
_SOLAR_TO_LOAD, _SOLAR_TO_BATTERY, _SOLAR_TO_GRID = range(3)
_BATTERY_TO_LOAD, _BATTERY_TO_GRID = range(3, 5)
_VEHICLE_TO_LOAD, _VEHICLE_TO_BATTERY, _VEHICLE_TO_GRID = range(5, 8)
_GRID_TO_LOAD, _GRID_TO_BATTERY = range(8, 10)
_SOLAR, _BATTERY, _VEHICLE, _GRID = range(4)


@kernel("f8(f8, f8)", inlined=True)
def worse(worst: float, excess: float) -> float:
    """The larger one of the worst error so far, a number, and another; NaN is infinite."""
    if excess <= worst:
        return worst
    return excess if excess > worst else np.inf


@kernel(
    "f8(f8, f8, f8, f8, f8, f8, f8, f8, Array(f8, 1, 'C', readonly=True), f8[::1], f8[::1],"
    " f8[::1])"
)
def storage_error(
    initial: float,
    lowest: float,
    highest: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    least_charge: float,
    charge_limit: float,
    discharge_limit: float,
    hours: Vector,
    charge: Vector,
    discharge: Vector,
    stored: Vector,
) -> float:
    """Simulate one storage from its power alone.

    Parameters
    ----------
    initial, lowest, highest : float
        Energy now, and where it has to stay. [kWh]
    charge_efficiency, discharge_efficiency : float
        One-way. [-]
    least_charge, charge_limit, discharge_limit : float
        Power that it charges with at least, if it does, and with at most. [kW]
    hours : float64 array, shape (T,)
        How long it can move energy in each interval. [h]
    charge, discharge : float64 array, shape (T,)
        What it does. [kWh per interval]
    stored : float64 array, shape (T,)
        What it is said to hold at the end of each interval. [kWh]

    Returns
    -------
    float
        Largest violation of the dynamics, a limit or exclusivity. [kWh]
    """
    worst = 0.0
    gained = 0.0
    for t in range(hours.size):
        gained += charge[t] * charge_efficiency - discharge[t] / discharge_efficiency
        worst = worse(worst, abs(initial + gained - stored[t]))
        worst = worse(worst, lowest - stored[t])
        worst = worse(worst, stored[t] - highest)
        worst = worse(worst, charge[t] - hours[t] * charge_limit)
        worst = worse(worst, discharge[t] - hours[t] * discharge_limit)
        worst = worse(worst, min(charge[t], discharge[t]))
        if charge[t] > 0.0:
            worst = worse(worst, hours[t] * least_charge - charge[t])
    return worst


@kernel(
    "f8(f8, b1, Array(f8, 1, 'C', readonly=True), Array(f8, 1, 'C', readonly=True),"
    " Array(f8, 1, 'C', readonly=True), f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])"
)
def meter_error(
    passed_on: float,
    may_curtail: bool,
    hours: Vector,
    load: Vector,
    solar: Vector,
    import_limit: Vector,
    export_limit: Vector,
    grid_import: Vector,
    grid_export: Vector,
    curtailed: Vector,
) -> float:
    """Look at the meter and at what is lost.

    Parameters
    ----------
    passed_on : float
        Solar power that the inverter passes on at most. [kW]
    may_curtail : bool
        Whether more solar than that may be left unused.
    hours : float64 array, shape (T,)
        Length of each interval. [h]
    load, solar : float64 array, shape (T,)
        Forecast. [kWh per interval]
    import_limit, export_limit : float64 array, shape (T,)
        Of the meter. [kWh per interval]
    grid_import, grid_export, curtailed : float64 array, shape (T,)
        Of the plan. [kWh per interval]

    Returns
    -------
    float
        Most energy beyond a limit that the house did not force, traded both ways at once, or lost
        beyond what may be; a watt of the dead band is none. [kWh]
    """
    worst = 0.0
    for t in range(hours.size):
        net_load = load[t] - solar[t]
        clipped = max(solar[t] - hours[t] * passed_on, 0.0)
        lost = solar[t] if may_curtail else clipped
        slack = hours[t] * DEAD_BAND
        most_import = max(import_limit[t], net_load + clipped)
        most_export = max(export_limit[t], -net_load - lost)
        worst = worse(worst, grid_import[t] - most_import - slack)
        worst = worse(worst, grid_export[t] - most_export - slack)
        worst = worse(worst, min(grid_import[t], grid_export[t]))
        worst = worse(worst, curtailed[t] - lost)
    return worst


@kernel(
    "f8(i8, Array(f8, 1, 'C', readonly=True), Array(f8, 1, 'C', readonly=True), f8[:, ::1],"
    " f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, :, ::1])"
)
def flow_error(
    n_batteries: int,
    load: Vector,
    solar: Vector,
    charge: Vector,
    discharge: Vector,
    grid_import: Vector,
    grid_export: Vector,
    curtailed: Vector,
    whole: Vector,
    to_vehicle: Vector,
) -> float:
    """Add up every balance, interval by interval.

    Parameters
    ----------
    n_batteries : int
        Storages that are batteries; vehicles come after them.
    load, solar : float64 array, shape (T,)
        Forecast. [kWh per interval]
    charge, discharge : float64 array, shape (K, T)
        What goes into and out of each storage. [kWh per interval]
    grid_import, grid_export, curtailed : float64 array, shape (T,)
        Of the plan. [kWh per interval]
    whole : float64 array, shape (10, T)
        Flows of the whole site. [kWh per interval]
    to_vehicle : float64 array, shape (4, V, T)
        What each vehicle takes from each source. [kWh per interval]

    Returns
    -------
    float
        Largest error of a balance, flow backwards, or energy from battery to battery. [kWh]
    """
    worst = 0.0
    into_vehicle = np.zeros(_GRID + 1)
    for t in range(load.size):
        for flow in range(whole.shape[0]):
            worst = worse(worst, -whole[flow, t])
        into_vehicle[:] = 0.0
        given = 0.0
        for v in range(to_vehicle.shape[1]):
            taken = 0.0
            for source in range(to_vehicle.shape[0]):
                worst = worse(worst, -to_vehicle[source, v, t])
                into_vehicle[source] += to_vehicle[source, v, t]
                taken += to_vehicle[source, v, t]
            worst = worse(worst, abs(taken - charge[n_batteries + v, t]))
            given += discharge[n_batteries + v, t]
        charged = 0.0
        discharged = 0.0
        for k in range(n_batteries):
            charged += charge[k, t]
            discharged += discharge[k, t]
        worst = worse(worst, min(charged, discharged))

        to_load = whole[_SOLAR_TO_LOAD, t] + whole[_BATTERY_TO_LOAD, t]
        to_load += whole[_VEHICLE_TO_LOAD, t] + whole[_GRID_TO_LOAD, t]
        to_battery = whole[_SOLAR_TO_BATTERY, t] + whole[_VEHICLE_TO_BATTERY, t]
        to_battery += whole[_GRID_TO_BATTERY, t]
        to_grid = whole[_SOLAR_TO_GRID, t] + whole[_BATTERY_TO_GRID, t]
        to_grid += whole[_VEHICLE_TO_GRID, t]
        worst = worse(worst, abs(to_load - load[t]))
        worst = worse(worst, abs(to_battery - charged))
        worst = worse(worst, abs(to_grid - grid_export[t]))

        from_solar = whole[_SOLAR_TO_LOAD, t] + whole[_SOLAR_TO_BATTERY, t]
        from_solar += whole[_SOLAR_TO_GRID, t] + into_vehicle[_SOLAR]
        from_battery = whole[_BATTERY_TO_LOAD, t] + whole[_BATTERY_TO_GRID, t]
        from_battery += into_vehicle[_BATTERY]
        from_vehicle = whole[_VEHICLE_TO_LOAD, t] + whole[_VEHICLE_TO_BATTERY, t]
        from_vehicle += whole[_VEHICLE_TO_GRID, t] + into_vehicle[_VEHICLE]
        from_grid = whole[_GRID_TO_LOAD, t] + whole[_GRID_TO_BATTERY, t] + into_vehicle[_GRID]
        worst = worse(worst, abs(from_solar + curtailed[t] - solar[t]))
        worst = worse(worst, abs(from_battery - discharged))
        worst = worse(worst, abs(from_vehicle - given))
        # The meter may differ by its noise, a microwatt-hour or so.
        worst = worse(worst, abs(from_grid - grid_import[t]))
    return worst


@kernel(
    "UniTuple(f8, 2)(Array(f8, 1, 'C', readonly=True), Array(f8, 1, 'C', readonly=True),"
    " f8[:, ::1], f8[:, :, ::1], f8[::1])"
)
def bill_of_flows(
    import_price: Vector, export_price: Vector, whole: Vector, to_vehicle: Vector, drawn: Vector
) -> tuple[float, float]:
    """Price the energy of the flows through the meter.

    Parameters
    ----------
    import_price, export_price : float64 array, shape (T,)
        Of the tariff. [$/kWh]
    whole, to_vehicle
        As in `flow_error`.
    drawn : float64 array, shape (T,)
        Modified in place: what comes from the grid. [kWh per interval]

    Returns
    -------
    due, traded : float
        What is to pay, and all that changes hands. [$]
    """
    due = 0.0
    traded = 0.0
    for t in range(drawn.size):
        drawn[t] = whole[_GRID_TO_LOAD, t] + whole[_GRID_TO_BATTERY, t]
        for v in range(to_vehicle.shape[1]):
            drawn[t] += to_vehicle[_GRID, v, t]
        given = whole[_SOLAR_TO_GRID, t] + whole[_BATTERY_TO_GRID, t] + whole[_VEHICLE_TO_GRID, t]
        bought = drawn[t] * import_price[t]
        sold = given * export_price[t]
        due += bought - sold
        traded += abs(bought) + abs(sold)
    return due, traded


@kernel(
    "UniTuple(f8, 3)(i8, f8, b1, Array(f8, 1, 'C', readonly=True),"
    " Array(f8, 1, 'C', readonly=True), Array(f8, 1, 'C', readonly=True), f8[::1], f8[::1],"
    " Array(f8, 1, 'C', readonly=True), Array(f8, 1, 'C', readonly=True), f8[:, ::1],"
    " f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1],"
    " f8[:, ::1], f8[:, ::1])"
)
def look_at(
    n_batteries: int,
    passed_on: float,
    may_curtail: bool,
    hours: Vector,
    load: Vector,
    solar: Vector,
    import_limit: Vector,
    export_limit: Vector,
    import_price: Vector,
    export_price: Vector,
    charge: Vector,
    discharge: Vector,
    grid_import: Vector,
    grid_export: Vector,
    curtailed: Vector,
    drawn: Vector,
    solar_to_load: Vector,
    solar_to_battery: Vector,
    solar_to_grid: Vector,
    battery_to_load: Vector,
    battery_to_grid: Vector,
    vehicle_to_load: Vector,
    vehicle_to_battery: Vector,
    vehicle_to_grid: Vector,
    grid_to_load: Vector,
    grid_to_battery: Vector,
    solar_to_vehicle: Vector,
    battery_to_vehicle: Vector,
    vehicle_to_vehicle: Vector,
    grid_to_vehicle: Vector,
) -> tuple[float, float, float]:
    """Look at flows, meter and bill at once.

    Parameters
    ----------
    n_batteries, load, solar, charge, discharge, grid_import, grid_export, curtailed
        As in `flow_error`.
    passed_on, may_curtail, hours, import_limit, export_limit
        As in `meter_error`.
    import_price, export_price, drawn
        As in `bill_of_flows`; the last is modified in place.
    solar_to_vehicle, battery_to_vehicle, vehicle_to_vehicle, grid_to_vehicle
        What each vehicle takes; shape (V, T). [kWh per interval]
    others : float64 array, shape (T,)
        Flows of the whole site. [kWh per interval]

    Returns
    -------
    error, due, traded : float
        Largest error [kWh], what is to pay, and all that changes hands [$].
    """
    whole = np.empty((_GRID_TO_BATTERY + 1, hours.size))
    whole[_SOLAR_TO_LOAD] = solar_to_load
    whole[_SOLAR_TO_BATTERY] = solar_to_battery
    whole[_SOLAR_TO_GRID] = solar_to_grid
    whole[_BATTERY_TO_LOAD] = battery_to_load
    whole[_BATTERY_TO_GRID] = battery_to_grid
    whole[_VEHICLE_TO_LOAD] = vehicle_to_load
    whole[_VEHICLE_TO_BATTERY] = vehicle_to_battery
    whole[_VEHICLE_TO_GRID] = vehicle_to_grid
    whole[_GRID_TO_LOAD] = grid_to_load
    whole[_GRID_TO_BATTERY] = grid_to_battery
    to_vehicle = np.empty((_GRID + 1, solar_to_vehicle.shape[0], hours.size))
    to_vehicle[_SOLAR] = solar_to_vehicle
    to_vehicle[_BATTERY] = battery_to_vehicle
    to_vehicle[_VEHICLE] = vehicle_to_vehicle
    to_vehicle[_GRID] = grid_to_vehicle
    error = flow_error(
        n_batteries,
        load,
        solar,
        charge,
        discharge,
        grid_import,
        grid_export,
        curtailed,
        whole,
        to_vehicle,
    )
    at_meter = meter_error(
        passed_on,
        may_curtail,
        hours,
        load,
        solar,
        import_limit,
        export_limit,
        grid_import,
        grid_export,
        curtailed,
    )
    due, traded = bill_of_flows(import_price, export_price, whole, to_vehicle, drawn)
    return worse(error, at_meter), due, traded
