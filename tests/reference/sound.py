"""Sound requests and replies, computed by hand: what the rules are shown to be silent on."""

from copy import deepcopy

# Of `three`: SoC 0.5 + 2.0 * 0.9 / 10 = 0.68; + 1.0 * 0.9 * 0.5 / 10 = 0.725; - 2.5 / 0.9 / 10.
LAST_SOC = 0.725 - 0.25 / 0.9
DEMAND = {
    "price_per_kw": 1.0,
    "start": "17:00",
    "end": "18:00",
    "average_minutes": 60,
    "peak_so_far_kw": 0.25,
}
FREE_HOUR = {
    "direction": "import",
    "daily_quota_kwh": 0.5,
    "bonus_price": 0.0,
    "start": "17:00",
    "end": "18:00",
}
BONUS = {"direction": "export", "daily_quota_kwh": 0.5, "bonus_price": 0.15}

STAMPS = [f"2026-01-05T{clock}:00+11:00" for clock in ("16:30", "17:00", "17:30", "18:00")]
"""A Monday."""
EVENING = [f"2026-01-05T{hour}:00:00+11:00" for hour in (18, 19, 20)]


def three():
    """Charge from the grid, charge from surplus with the export at its limit, sell the peak.

    Three intervals of unequal length with every limit in use.
    """
    request = {
        "prices_import": [0.10, 0.30, 0.40],
        "prices_export": [0.05, 0.04, 0.50],
        "solar_forecast": [200, 4000, 0],
        "load_forecast": [500, 1000, 1000],
        "interval_minutes": [60, 30, 60],
        "cost_function": "cost",
        "battery": {
            "current_soc": 0.5,
            "capacity_wh": 10000,
            "max_charge_w": 2000,
            "max_discharge_w": 2500,
            "efficiency": 0.9,
            "backup_reserve": 0.2,
        },
        "grid": {"max_import_w": 2300, "max_export_w": 1500},
        "options": {},
    }
    schedule = {
        "timestamps": [
            "2026-01-05T00:00:00+11:00",
            "2026-01-05T01:00:00+11:00",
            "2026-01-05T01:30:00+11:00",
        ],
        "action": ["charge", "charge", "export"],
        "soc_trajectory": [0.5, 0.68, 0.725, LAST_SOC],
        "charge_w": [2000.0, 1000.0, 0.0],
        "discharge_w": [0.0, 0.0, 2500.0],
        "grid_import_w": [2300.0, 0.0, 0.0],
        "grid_export_w": [0.0, 1500.0, 1500.0],
        "battery_consume_w": [0.0, 0.0, 1000.0],
        "battery_export_w": [0.0, 0.0, 1500.0],
        "solar_to_load_w": [200.0, 1000.0, 0.0],
        "solar_to_battery_w": [0.0, 1000.0, 0.0],
        "solar_to_grid_w": [0.0, 1500.0, 0.0],
        "solar_curtailed_w": [0.0, 500.0, 0.0],
        "grid_to_load_w": [300.0, 0.0, 0.0],
        "grid_to_battery_w": [2000.0, 0.0, 0.0],
    }
    summary = {
        "total_cost": -0.55,  # 2.3 * 0.10 - 0.75 * 0.04 - 1.5 * 0.50
        "baseline_cost": 0.40,  # 0.3 * 0.10 - 0.75 * 0.04 + 1.0 * 0.40
        "savings": 0.95,
        "total_import_kwh": 2.3,
        "total_export_kwh": 2.25,
        "total_charge_kwh": 2.5,
        "total_discharge_kwh": 2.5,
        "total_battery_consume_kwh": 1.0,
        "total_battery_export_kwh": 1.5,
        "total_solar_consumed_kwh": 1.2,
        "total_solar_exported_kwh": 0.75,
        "average_import_price": 0.10,
        "average_export_price": 0.78 / 2.25,
    }
    return request, {"schedule": schedule, "summary": summary}


def plain():
    """Solar to battery and grid, battery to load, grid to battery, battery to load and grid."""
    request = {
        "prices_import": [0.1, 0.4, 0.3, 0.5],
        "prices_export": [0.05, 0.1, 0.1, 0.2],
        "solar_forecast": [3000, 0, 0, 0],
        "load_forecast": [1000, 1000, 1000, 1000],
        "interval_minutes": 30,
        "battery": {"current_soc": 0.5, "capacity_wh": 10000, "efficiency": 1.0},
        "grid": {},
    }
    schedule = {
        "timestamps": list(STAMPS),
        "action": ["charge", "consume", "charge", "consume"],
        "soc_trajectory": [0.5, 0.55, 0.525, 0.575, 0.5],
        "charge_w": [1000, 0, 1000, 0],
        "discharge_w": [0, 500, 0, 1500],
        "grid_import_w": [0, 500, 2000, 0],
        "grid_export_w": [1000, 0, 0, 500],
        "battery_consume_w": [0, 500, 0, 1000],
        "battery_export_w": [0, 0, 0, 500],
        "solar_to_load_w": [1000, 0, 0, 0],
        "solar_to_battery_w": [1000, 0, 0, 0],
        "solar_to_grid_w": [1000, 0, 0, 0],
        "solar_curtailed_w": [0, 0, 0, 0],
        "grid_to_load_w": [0, 500, 1000, 0],
        "grid_to_battery_w": [0, 0, 1000, 0],
    }
    summary = {
        "total_cost": 0.325,  # 0.25 * 0.4 + 1.0 * 0.3 - 0.5 * 0.05 - 0.25 * 0.2
        "baseline_cost": 0.55,  # 0.5 * (0.4 + 0.3 + 0.5) - 1.0 * 0.05
        "savings": 0.225,
        "total_import_kwh": 1.25,
        "total_export_kwh": 0.75,
        "total_charge_kwh": 1.0,
        "total_discharge_kwh": 1.0,
        "total_battery_consume_kwh": 0.75,
        "total_battery_export_kwh": 0.25,
        "total_solar_consumed_kwh": 1.0,
        "total_solar_exported_kwh": 0.5,
        "total_solar_curtailed_kwh": 0.0,
        "average_import_price": 0.32,
        "average_export_price": 0.1,
        "demand_cost": 0.0,
        "allowance_credit": 0.0,
        "demand_peaks": [],
    }
    return request, {"schedule": schedule, "summary": summary}


def priced(demand=(), allowances=(), **summary):
    """The same with extras of the tariff."""
    request, reply = plain()
    request |= {"demand_charges": list(demand), "allowances": list(allowances)}
    reply["summary"] |= summary
    return request, reply


def with_demand():
    """One metered hour: 1.25 kW of the plan, 1 kW of the baseline, 0.25 kW of it paid before."""
    peaks = [{"peak_kw": 1.25, "peak_so_far_kw": 0.25, "cost": 1.0}]
    money = {"total_cost": 1.325, "baseline_cost": 1.3, "savings": -0.025}
    return priced(demand=[DEMAND], **money, demand_cost=1.0, demand_peaks=peaks)


def with_allowance():
    """Half a kWh free: a quarter at 0.4, a quarter at 0.3; the baseline's all at 0.4."""
    money = {"total_cost": 0.15, "baseline_cost": 0.35, "savings": 0.2}
    return priced(allowances=[FREE_HOUR], **money, allowance_credit=0.175)


def clipped():
    """What a hybrid inverter of 1500 W makes of the first interval without curtailment."""
    request, reply = plain()
    request |= {"hybrid": {"ac_limit_w": 1500}, "grid": {"curtailment": False}}
    schedule = reply["schedule"]
    for name in ("grid_export_w", "solar_to_grid_w"):
        schedule[name][0] = 500
    schedule["solar_curtailed_w"][0] = 500
    reply["summary"] |= {
        "total_cost": 0.3375,
        "baseline_cost": 0.5875,  # 0.6 - 0.25 * 0.05
        "savings": 0.25,
        "total_export_kwh": 0.5,
        "total_solar_exported_kwh": 0.25,
        "total_solar_curtailed_kwh": 0.25,
        "average_export_price": 0.125,
    }
    return request, reply


def vehicle(vehicle_id="car", **changes):
    return {
        "vehicle_id": vehicle_id,
        "battery_capacity_kwh": 50,
        "current_soc": 0.5,
        "target_soc": 0.7,
        "max_charge_kw": 7.4,
        "min_charge_kw": 1.4,
        "charger_efficiency": 0.8,
        "departure_time": "2026-01-05T20:30:00+11:00",
        "arrival_time": None,
        **changes,
    }


def told_of(vehicle_id, charge, soc, *, discharge=(0, 0, 0), shortfall=0.0, **summary):
    """Plan of a vehicle over intervals of an hour, all of it from the grid unless told."""
    energy = sum(charge) / 1000
    return {
        "success": True,
        "status": "optimal",
        "vehicle_id": vehicle_id,
        "name": None,
        "schedule": {
            "timestamps": list(EVENING),
            "charge_power_w": list(charge),
            "command_w": list(charge),
            "minutes_on": [60.0 if power > 0 else 0.0 for power in charge],
            "discharge_power_w": list(discharge),
            "soc": soc,
        },
        "summary": {
            "total_energy_kwh": energy,
            "solar_energy_kwh": 0.0,
            "grid_energy_kwh": energy,
            "battery_energy_kwh": 0.0,
            "discharged_kwh": sum(discharge) / 1000,
            "exported_kwh": 0.0,
            "final_soc": soc[-1],
            **summary,
        },
        "shortfall_kwh": shortfall,
    }


def alone():
    """One vehicle: surplus solar, then the grid, gone before the last interval ends."""
    request = {
        "prices_import": [0.1, 0.2, 0.3],
        "prices_export": [0.05, 0.05, 0.05],
        "solar_forecast": [3500, 0, 0],
        "load_forecast": [500, 500, 500],
        "interval_minutes": 60,
        "ev": vehicle(),
        "grid": {},
    }
    car = told_of(
        "car",
        [2500, 5000, 0],
        [0.5, 0.54, 0.62, 0.62],
        shortfall=4.0,
        solar_energy_kwh=2.5,
        grid_energy_kwh=5.0,
        total_cost=1.0,
        average_price=0.2,
        average_cost=1.0 / 7.5,
    )
    reply = {
        "vehicle_id": "car",
        "schedule": deepcopy(car["schedule"]),
        "summary": deepcopy(car["summary"]),
        "ev_schedules": [car],
        "shortfall_kwh": 4.0,
        "meter": {
            "timestamps": list(EVENING),
            "grid_import_w": [0, 5500, 500],
            "grid_export_w": [500, 0, 0],
            "solar_curtailed_w": [0, 0, 0],
            "total_charge_power_w": [2500, 5000, 0],
            "total_discharge_power_w": [0, 0, 0],
        },
        "bill": {
            "total_cost": 1.225,  # 5.5 * 0.2 + 0.5 * 0.3 - 0.5 * 0.05
            "baseline_cost": 2.0,
            "savings": 0.775,
            "total_import_kwh": 6.0,
            "total_export_kwh": 0.5,
            "average_import_price": 1.25 / 6,
            "average_export_price": 0.05,
        },
    }
    return request, reply


def at_home():
    """The same beside a home battery that serves 1 kW while the vehicle charges."""
    request, reply = alone()
    request["home_battery"] = {"current_soc": 0.5, "capacity_wh": 10000, "efficiency": 1.0}
    reply["home"] = {
        "schedule": {
            "timestamps": list(EVENING),
            "action": ["idle", "consume", "charge"],
            "soc_trajectory": [0.5, 0.5, 0.4, 0.6],
            "charge_w": [0, 0, 2000],
            "discharge_w": [0, 1000, 0],
            "grid_import_w": [0, 4500, 2500],
            "grid_export_w": [500, 0, 0],
            "battery_consume_w": [0, 1000, 0],
            "battery_export_w": [0, 0, 0],
            "solar_to_load_w": [3000, 0, 0],
            "solar_to_battery_w": [0, 0, 0],
            "solar_to_grid_w": [500, 0, 0],
            "solar_curtailed_w": [0, 0, 0],
            "grid_to_load_w": [0, 4500, 500],
            "grid_to_battery_w": [0, 0, 2000],
            "vehicle_charge_w": [2500, 5000, 0],
        }
    }
    reply["meter"]["grid_import_w"] = [0, 4500, 2500]
    reply["bill"] |= {
        "total_cost": 1.625,  # 4.5 * 0.2 + 2.5 * 0.3 - 0.5 * 0.05
        "savings": 0.375,
        "total_import_kwh": 7.0,
        "average_import_price": 1.65 / 7,
    }
    for summary in (reply["summary"], reply["ev_schedules"][0]["summary"]):
        summary |= {"grid_energy_kwh": 4.5, "battery_energy_kwh": 0.5}
        summary |= {"total_cost": 0.9, "average_cost": 0.9 / 7.5}
    return request, reply


def giving():
    """A vehicle that serves the load, the home battery and the grid in the second interval."""
    request, reply = at_home()
    request["ev"] |= {"max_discharge_kw": 5, "min_soc": 0.4, "discharge_efficiency": 0.8}
    car = told_of(
        "car",
        [2500, 0, 0],
        [0.5, 0.54, 0.44, 0.44],  # - 4 / 0.8 / 50
        discharge=[0, 4000, 0],
        shortfall=13.0,
        solar_energy_kwh=2.5,
        grid_energy_kwh=0.0,
        exported_kwh=1.5,
        total_cost=0.0,
        average_price=0.0,
        average_cost=0.0,
    )
    reply |= {"ev_schedules": [car], "shortfall_kwh": 13.0}
    reply |= {"schedule": deepcopy(car["schedule"]), "summary": deepcopy(car["summary"])}
    reply["meter"] |= {
        "grid_import_w": [0, 0, 2500],
        "grid_export_w": [500, 1500, 0],
        "total_charge_power_w": [2500, 0, 0],
        "total_discharge_power_w": [0, 4000, 0],
    }
    reply["home"]["schedule"] |= {
        "action": ["idle", "charge", "charge"],
        "soc_trajectory": [0.5, 0.5, 0.7, 0.9],
        "charge_w": [0, 2000, 2000],
        "discharge_w": [0, 0, 0],
        "grid_import_w": [0, 0, 2500],
        "grid_export_w": [500, 1500, 0],
        "battery_consume_w": [0, 0, 0],
        "grid_to_load_w": [0, 0, 500],
        "vehicle_charge_w": [2500, 0, 0],
        "vehicle_discharge_w": [0, 4000, 0],
        "vehicle_to_load_w": [0, 500, 0],
        "vehicle_to_battery_w": [0, 2000, 0],
        "vehicle_to_grid_w": [0, 1500, 0],
    }
    reply["bill"] |= {
        "total_cost": 0.65,  # 2.5 * 0.3 - 2 * 0.05
        "savings": 1.35,
        "total_import_kwh": 2.5,
        "total_export_kwh": 2.0,
        "average_import_price": 0.3,
    }
    return request, reply


def two():
    """Two vehicles share the second interval; the second one comes for it."""
    request, reply = alone()
    guest = vehicle("guest", target_soc=None, arrival_time=EVENING[1], charger_efficiency=1.0)
    request["evs"] = [request.pop("ev"), guest]
    costs = {"total_cost": 0.4, "average_price": 0.2, "average_cost": 0.2}
    reply["ev_schedules"].append(told_of("guest", [0, 2000, 0], [0.5, 0.5, 0.54, 0.54], **costs))
    for name in ("vehicle_id", "schedule", "summary"):
        del reply[name]
    reply["meter"]["grid_import_w"][1] = 7500
    reply["meter"]["total_charge_power_w"][1] = 7000
    reply["bill"] |= {
        "total_cost": 1.625,
        "savings": 0.375,
        "total_import_kwh": 8.0,
        "average_import_price": 1.65 / 8,
    }
    return request, reply


def battery(battery_id, capacity, soc, **changes):
    return {
        "id": battery_id,
        "capacity_wh": capacity,
        "max_charge_w": 2000,
        "max_discharge_w": 2000,
        "current_soc": soc,
        "efficiency": 1.0,
        **changes,
    }


def planned(charge, discharge, soc, cycles):
    """A battery's plan of intervals of an hour."""
    return {
        "name": None,
        "schedule": {"charge_w": charge, "discharge_w": discharge, "soc": soc},
        "metrics": {
            "charge_kwh": sum(charge) / 1000,
            "discharge_kwh": sum(discharge) / 1000,
            "cycles": cycles,
            "final_soc": soc[-1],
        },
    }


def fleet():
    """Two batteries: both from solar, both to the load, one from the grid, both into the grid."""
    request = {
        "prices_import": [0.1, 0.2, 0.3, 0.4],
        "prices_export": [0.05, 0.05, 0.05, 0.1],
        "solar_forecast": [4000, 0, 0, 0],
        "load_forecast": [1000, 1500, 1000, 1000],
        "interval_minutes": 60,
        "batteries": [battery("a", 10000, 0.5), battery("b", 5000, 0.4)],
        "grid": {},
    }
    batteries = {
        "a": planned([1000, 0, 1000, 0], [0, 1000, 0, 1500], [0.5, 0.6, 0.5, 0.6, 0.45], 0.25),
        "b": planned([500, 0, 0, 0], [0, 500, 0, 500], [0.4, 0.5, 0.4, 0.4, 0.3], 0.2),
    }
    aggregated = {
        "timestamps": [f"2026-01-05T{hour}:00:00+11:00" for hour in (12, 13, 14, 15)],
        "action": ["charge", "consume", "charge", "consume"],
        "total_charge_w": [1500, 0, 1000, 0],
        "total_discharge_w": [0, 1500, 0, 2000],
        "soc_trajectory": [7 / 15, 8.5 / 15, 7 / 15, 8 / 15, 6 / 15],
        "grid_import_w": [0, 0, 2000, 0],
        "grid_export_w": [1500, 0, 0, 1000],
        "battery_consume_w": [0, 1500, 0, 1000],
        "battery_export_w": [0, 0, 0, 1000],
        "solar_to_load_w": [1000, 0, 0, 0],
        "solar_to_battery_w": [1500, 0, 0, 0],
        "solar_to_grid_w": [1500, 0, 0, 0],
        "solar_curtailed_w": [0, 0, 0, 0],
        "grid_to_load_w": [0, 0, 1000, 0],
        "grid_to_battery_w": [0, 0, 1000, 0],
    }
    summary = {
        "total_cost": 0.425,  # 2 * 0.3 - 1.5 * 0.05 - 1 * 0.1
        "baseline_cost": 0.85,  # 1.5 * 0.2 + 0.3 + 0.4 - 3 * 0.05
        "savings": 0.425,
        "total_import_kwh": 2.0,
        "total_export_kwh": 2.5,
        "total_charge_kwh": 2.5,
        "total_discharge_kwh": 3.5,
        "average_import_price": 0.3,
        "average_export_price": 0.07,
        "total_battery_consume_kwh": 2.5,
        "total_battery_export_kwh": 1.0,
        "total_solar_consumed_kwh": 2.5,
        "total_solar_exported_kwh": 1.5,
    }
    return request, {"batteries": batteries, "aggregated": aggregated, "summary": summary}
