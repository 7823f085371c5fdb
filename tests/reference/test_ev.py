"""The checker of `/ev/optimize` judged: each rule speaks when it is broken."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tests.reference import ev_violations

STAMPS = [f"2026-01-05T{hour}:00:00+11:00" for hour in (18, 19, 20)]


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


def told(vehicle_id, charge, soc, *, discharge=(0, 0, 0), shortfall=0.0, **summary):
    """Plan of a vehicle over intervals of an hour, all of it from the grid unless told."""
    energy = sum(charge) / 1000
    return {
        "success": True,
        "status": "optimal",
        "vehicle_id": vehicle_id,
        "name": None,
        "schedule": {
            "timestamps": list(STAMPS),
            "charge_power_w": list(charge),
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
    car = told(
        "car",
        [2500, 5000, 0],
        [0.5, 0.54, 0.62, 0.62],
        shortfall=4.0,
        solar_energy_kwh=2.5,
        grid_energy_kwh=5.0,
        total_cost=1.0,
        average_price=1.0 / 7.5,
    )
    reply = {
        "vehicle_id": "car",
        "schedule": deepcopy(car["schedule"]),
        "summary": deepcopy(car["summary"]),
        "ev_schedules": [car],
        "shortfall_kwh": 4.0,
        "meter": {
            "timestamps": list(STAMPS),
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
            "timestamps": list(STAMPS),
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
        summary |= {"total_cost": 0.9, "average_price": 0.9 / 7.5}
    return request, reply


def giving():
    """A vehicle that serves the load, the home battery and the grid in the second interval."""
    request, reply = at_home()
    request["ev"] |= {"max_discharge_kw": 5, "min_soc": 0.4, "discharge_efficiency": 0.8}
    car = told(
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
    guest = vehicle("guest", target_soc=None, arrival_time=STAMPS[1], charger_efficiency=1.0)
    request["evs"] = [request.pop("ev"), guest]
    costs = {"total_cost": 0.4, "average_price": 0.2}
    reply["ev_schedules"].append(told("guest", [0, 2000, 0], [0.5, 0.5, 0.54, 0.54], **costs))
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


def changed(whole, changes):
    """A copy with some entries, found by keys and indices, of other values."""
    whole = deepcopy(whole)
    for path, value in changes.items():
        inner = whole
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
    return whole


def copied(reply):
    """The same with the single vehicle's plan at the top, as it must be."""
    first = deepcopy(reply["ev_schedules"][0])
    return {**reply, **{name: first[name] for name in ("vehicle_id", "schedule", "summary")}}


def assert_told(sentences, *texts):
    """Every text is in a sentence, and every sentence has one of the texts."""
    assert all(any(text in sentence for sentence in sentences) for text in texts), sentences
    assert all(any(text in sentence for text in texts) for sentence in sentences), sentences


CAR = ("ev_schedules", 0)
PLAN = (*CAR, "schedule")
HOME = ("home", "schedule")

MALFORMED = {
    "no schedules": ({("ev_schedules",): None}, ["ev_schedules: must be a list of objects"]),
    "no vehicle": ({CAR: None}, ["ev_schedules: must be a list of objects"]),
    "another vehicle": ({(*CAR, "vehicle_id"): "bus"}, ["ev_schedules: must be of ['car'], got"]),
    "no schedule": ({PLAN: None}, ["vehicle 'car': schedule: must be an object"]),
    "no summary": ({(*CAR, "summary"): 1}, ["vehicle 'car': summary: must be an object"]),
    "no charge": (
        {(*PLAN, "charge_power_w"): None},
        ["vehicle 'car': charge_power_w: must be a list"],
    ),
    "no discharge": (
        {(*PLAN, "discharge_power_w"): [0]},
        ["vehicle 'car': discharge_power_w: must have 3 entries"],
    ),
    "no end of SoC": ({(*PLAN, "soc"): [0.5] * 3}, ["vehicle 'car': soc: must have 4 entries"]),
    "naive stamp": (
        {(*PLAN, "timestamps", 0): "2026-01-05T18:00:00"},
        ["vehicle 'car': interval 0: timestamp must be"],
    ),
    "no shortfall": ({(*CAR, "shortfall_kwh"): None}, ["vehicle 'car': shortfall_kwh: must be"]),
    "no shortfall of all": ({("shortfall_kwh",): None}, ["shortfall_kwh: must be a finite"]),
    "no meter": ({("meter",): None}, ["meter: must be an object"]),
    "no bill": ({("bill",): None}, ["bill: must be an object"]),
    "no baseline": ({("bill", "baseline_cost"): None}, ["bill: baseline_cost must be a finite"]),
    "no import": ({("meter", "grid_import_w"): None}, ["meter: grid_import_w: must be a list"]),
    "no stamps": ({("meter", "timestamps"): None}, ["meter: timestamps: must be a list"]),
    "no home": ({("home",): None}, ["home: must be an object"]),
    "no home schedule": ({HOME: None}, ["home: schedule: must be an object"]),
    "no home charge": ({(*HOME, "charge_w"): None}, ["home: charge_w: must be a list"]),
    "no vehicles at home": (
        {(*HOME, "vehicle_charge_w"): None},
        ["home: vehicle_charge_w: must be a list"],
    ),
    "no flow of vehicles": (
        {(*HOME, "vehicle_to_load_w"): [0]},
        ["home: vehicle_to_load_w: must have 3 entries"],
    ),
}

REPLIES = {
    "another id at the top": (
        alone,
        {("vehicle_id",): "bus"},
        ["vehicle_id: must equal that of ev_schedules[0]"],
    ),
    "no schedule at the top": (
        alone,
        {("schedule",): None},
        ["schedule: must equal that of ev_schedules[0]"],
    ),
    "another summary at the top": (
        alone,
        {("summary", "total_cost"): 1.1},
        ["summary: must equal that of ev_schedules[0]"],
    ),
    "negative charge": (
        alone,
        {(*PLAN, "charge_power_w", 2): -0.5},
        ["car': interval 2: charge_power_w must not be negative"],
    ),
    "SoC starts elsewhere": (
        alone,
        {(*PLAN, "soc", 0): 0.501},
        ["car': interval 0: SoC must start at", "interval 0: SoC must change", "re-simulated"],
    ),
    "SoC jumps": (
        alone,
        {(*PLAN, "soc", 1): 0.55},
        ["interval 0: SoC must change", "interval 1: SoC must change", "1: re-simulated"],
    ),
    "too little power": (
        alone,
        {(*PLAN, "charge_power_w", 0): 1000},
        ["car': interval 0: charge must be 0 or at least 1400.0 W, got 1000", *("SoC", "summary")],
    ),
    "both at once": (
        giving,
        {(*PLAN, "discharge_power_w", 0): 500},
        ["car': interval 0: charge and discharge must not coincide", "SoC", "summary"],
    ),
    "charge while away": (
        alone,
        {(*PLAN, "charge_power_w", 2): 1400, (*PLAN, "soc", 3): 0.6424},
        ["car': interval 2: power must flow within 2026-01-05T18:00:00+11:00 to", "summary"],
    ),
    "discharge while away": (
        giving,
        {(*PLAN, "discharge_power_w", 2): 100, (*PLAN, "soc", 3): 0.4375},
        ["car': interval 2: power must flow within", "summary"],
    ),
    "wrong shortfall": (
        alone,
        {(*CAR, "shortfall_kwh"): 3.9, ("shortfall_kwh",): 3.9},
        ["car': target: shortfall_kwh must be 4.000000, got 3.9"],
    ),
    "wrong shortfall of all": (
        two,
        {("shortfall_kwh",): 3.9},
        ["shortfall_kwh: must be the sum 4.0, got 3.9"],
    ),
    "other stamps": (
        at_home,
        {(*HOME, "timestamps", 0): "2026-01-05T18:00:01+11:00"},
        ["timestamps: must be"],
    ),
    "late stamps": (
        two,
        {
            ("meter", "timestamps", 2): "2026-01-05T20:00:01+11:00",
            (*PLAN, "timestamps", 2): "2026-01-05T20:00:01+11:00",
            ("ev_schedules", 1, "schedule", "timestamps", 2): "2026-01-05T20:00:01+11:00",
        },
        ["interval 1: timestamps must be 1:00:00 apart"],
    ),
    "negative export": (
        alone,
        {("meter", "grid_export_w", 1): -0.5},
        ["meter: interval 1: grid_export_w must not be negative"],
    ),
    "unbalanced": (
        alone,
        {("meter", "grid_import_w", 2): 502},
        ["meter: interval 2: power balance must hold", "bill: "],
    ),
    "import while exporting": (
        alone,
        {("meter", "grid_import_w", 0): 2, ("meter", "grid_export_w", 0): 502},
        ["meter: interval 0: grid_import and grid_export must not coincide", "bill: "],
    ),
    "wrong total charge": (
        alone,
        {("meter", "total_charge_power_w", 1): 5002},
        ["meter: interval 1: total_charge_power_w must be 5000.000 W, got 5002"],
    ),
    "wrong total discharge": (
        alone,
        {("meter", "total_discharge_power_w", 1): 2},
        ["meter: interval 1: total_discharge_power_w must be 0.000 W, got 2"],
    ),
    "home meter differs": (
        at_home,
        {(*HOME, "grid_import_w", 1): 4502},
        ["home: interval 1: grid_import_w must be 4500.000 W, got 4502"],
    ),
    "home knows other vehicles": (
        at_home,
        {(*HOME, "vehicle_charge_w", 1): 5002},
        ["home: interval 1: vehicle_charge_w must be 5000.000 W, got 5002"],
    ),
    "home knows other discharge": (
        giving,
        {(*HOME, "vehicle_discharge_w", 1): 4002},
        ["home: interval 1: vehicle_discharge_w must be 4000.000 W, got 4002"],
    ),
    "home does both": (
        at_home,
        {
            (*HOME, "charge_w", 1): 2,
            (*HOME, "grid_to_battery_w", 1): 2,
            (*HOME, "discharge_w", 1): 1002,
            (*HOME, "battery_consume_w", 1): 1002,
            (*HOME, "grid_to_load_w", 1): 4498,
        },
        ["home: interval 1: charge and discharge must not coincide"],
    ),
    "home is noisy": (
        at_home,
        {(*HOME, "discharge_w", 0): 0.5},
        ["home: interval 0: discharge_w must be 0 or at least 1 W", "SoC"],
    ),
    "home SoC jumps": (
        at_home,
        {(*HOME, "soc_trajectory", 1): 0.51},
        ["home: interval 0: SoC must", "home: interval 1: SoC must", "home: interval 1: re-sim"],
    ),
    "home acts otherwise": (
        at_home,
        {(*HOME, "action", 0): "charge"},
        ["home: interval 0: action must be idle"],
    ),
    "home load without vehicles": (
        at_home,
        {(*HOME, "solar_to_load_w", 0): 500, (*HOME, "solar_to_grid_w", 0): 3000},
        ["home: interval 0: flows to the load must hold", "home: interval 0: flows to the grid"],
    ),
    "vehicle feeds another flow": (
        giving,
        {(*HOME, "vehicle_to_load_w", 1): 0, (*HOME, "vehicle_to_grid_w", 1): 2000},
        ["home: interval 1: flows to the load must hold", "home: interval 1: flows to the grid"],
    ),
    "vehicle feeds too little": (
        giving,
        {(*HOME, "vehicle_to_battery_w", 1): 1900},
        ["home: interval 1: flows from vehicles", "home: interval 1: flows to the battery"],
    ),
}

REQUESTS = {
    "charge limit": (
        alone,
        {("ev", "max_charge_kw"): 4.9},
        ["car': interval 1: charge must be at most 4900"],
    ),
    "no discharge": (
        giving,
        {("ev", "max_discharge_kw"): None},
        ["car': interval 1: discharge must be at most 0"],
    ),
    "least power": (
        alone,
        {("ev", "min_charge_kw"): 2.6},
        ["car': interval 0: charge must be 0 or at least 2600.0 W, got 2500"],
    ),
    "most SoC": (
        alone,
        {("ev", "max_soc"): 0.6},
        ["car': interval 2: SoC at its start must be at most 0.6", "interval 3: SoC at"],
    ),
    "least SoC": (
        giving,
        {("ev", "min_soc"): 0.45},
        ["car': interval 1: discharge must not go under min_soc 0.45, got 0.44"],
    ),
    "efficiency": (
        alone,
        {("ev", "charger_efficiency"): 0.9},
        ["car': interval 0: SoC must", "car': interval 1: SoC must", "re-simulated"],
    ),
    "efficiency out": (
        giving,
        {("ev", "discharge_efficiency"): 0.9},
        ["car': interval 1: SoC must", "re-simulated"],
    ),
    "leaves earlier": (
        alone,
        {("ev", "departure_time"): "2026-01-05T19:59:00+11:00"},
        ["car': interval 1: power must flow", "car': target: shortfall_kwh must be 8.0"],
    ),
    "comes later": (
        alone,
        {("ev", "arrival_time"): "2026-01-05T18:01:00+11:00"},
        ["car': interval 0: power must flow"],
    ),
    "wants more": (
        alone,
        {("ev", "target_soc"): 0.8},
        ["car': target: shortfall_kwh must be 9.0"],
    ),
    "solar only": (
        alone,
        {("ev", "solar_only"): True},
        ["interval 1: charge of what may not use the grid must be at most 0.000 W, got 5000"],
    ),
    "solar only by priority": (
        alone,
        {("ev", "priority"): "solar_only"},
        ["interval 1: charge of what may not use the grid"],
    ),
    "not from the grid": (
        alone,
        {("ev", "allow_grid_charging"): False},
        ["interval 1: charge of what may not use the grid"],
    ),
    "home not from the grid": (
        at_home,
        {("home_battery", "can_charge_from_grid"): False},
        ["interval 2: charge of what may not use the grid must be at most 0.000 W, got 2000"],
    ),
    "home serves itself": (
        at_home,
        {("cost_function",): "self_consumption"},
        ["interval 2: charge of what may not use the grid"],
    ),
    "home limit": (
        at_home,
        {("home_battery", "max_discharge_w"): 900},
        ["home: interval 1: discharge must be at most 900"],
    ),
    "home band": (
        at_home,
        {("home_battery", "min_soc"): 0.45},
        ["home: interval 2: SoC at its start must be at least 0.45"],
    ),
    "car may not export": (
        giving,
        {("ev", "can_export_to_grid"): False},
        ["interval 1: export by what may export must be at most 0.000 W, got 1500"],
    ),
    "import limit": (
        alone,
        {("grid", "max_import_w"): [0, 5400, 0]},
        ["meter: interval 1: grid_import must be at most 5400"],
    ),
    "export limit": (
        alone,
        {("grid", "max_export_w"): 400},
        ["meter: interval 0: grid_export must be at most 400"],
    ),
    "inverter": (
        alone,
        {("hybrid",): {"ac_limit_w": 3400}},
        ["meter: interval 0: the inverter must pass at most 3400"],
    ),
    "home inverter": (
        at_home,
        {("home_battery", "hybrid"): {"ac_limit_w": 1900, "dc_coupled_solar": False}},
        ["meter: interval 2: the inverter must pass at most 1900"],
    ),
    "demand charge": (
        alone,
        {("demand_charges",): [{"price_per_kw": 1}]},
        ["bill: total_cost must be 6.725", "bill: savings", "bill: demand_cost", "bill: demand_p"],
    ),
    "allowance": (
        alone,
        {("allowances",): [{"direction": "import", "daily_quota_kwh": 1, "bonus_price": 0}]},
        ["bill: total_cost must be 0.975", "bill: savings", "bill: allowance_credit must be"],
    ),
}


@pytest.mark.parametrize("case", [alone, at_home, giving, two])
def test_a_sound_reply_breaks_no_rule(case):
    assert ev_violations(*case()) == []


@pytest.mark.parametrize(("changes", "texts"), MALFORMED.values(), ids=MALFORMED)
def test_what_cannot_be_read_is_told_alone(changes, texts):
    request, reply = at_home()

    assert_told(ev_violations(request, changed(reply, changes)), *texts)


@pytest.mark.parametrize(("case", "changes", "texts"), REPLIES.values(), ids=REPLIES)
def test_a_broken_reply_is_told(case, changes, texts):
    request, reply = case()
    reply = changed(reply, changes)
    is_about_the_plan = any(path[0] == "ev_schedules" for path in changes)

    sentences = ev_violations(request, copied(reply) if is_about_the_plan else reply)

    # What one power breaks at the meter and at home follows from it, and is not what is tested.
    follows = ("meter: ", "home: ", "export by what") if is_about_the_plan else ()
    meant = [each for each in sentences if any(text in each for text in texts)]
    rest = [each for each in sentences if not each.startswith(follows)]
    assert_told([*meant, *rest], *texts)


@pytest.mark.parametrize(("case", "changes", "texts"), REQUESTS.values(), ids=REQUESTS)
def test_a_request_that_is_not_met_is_told(case, changes, texts):
    request, reply = case()

    assert_told(ev_violations(changed(request, changes), reply), *texts)


@pytest.mark.parametrize(
    "changes",
    [
        {("ev", "departure_time"): "2026-01-05T20:00:00+11:00"},
        {("ev", "departure_time"): "2026-01-05T09:00:00Z"},
        {("ev", "departure_time"): None},
        {("ev", "departure_time"): STAMPS[0]},
        {("ev", "departure_time"): "2026-01-05T08:00:00+11:00"},
        {("ev", "departure_time"): "2026-01-09T08:00:00+11:00"},
        {("ev", "arrival_time"): STAMPS[0]},
        {("ev", "arrival_time"): "2026-01-05T08:00:00+11:00"},
        {("ev", "max_charge_kw"): 5},
        {("ev", "min_charge_kw"): 2.5},
        {("ev", "max_soc"): 0.62},
        {("grid", "max_import_w"): 5500},
        {("grid", "max_import_w"): [0, 5500, 0]},
        {("hybrid",): {"ac_limit_w": 3500}},
    ],
)
def test_a_request_that_is_met_exactly_breaks_no_rule(changes):
    request, reply = alone()

    assert ev_violations(changed(request, changes), reply) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("total_energy_kwh", 7.6),
        ("solar_energy_kwh", None),
        ("solar_energy_kwh", -0.1),
        ("grid_energy_kwh", 5.1),
        ("battery_energy_kwh", 0.1),
        ("discharged_kwh", 0.1),
        ("exported_kwh", 0.1),
        ("exported_kwh", None),
        ("total_cost", None),
        ("average_price", 0.2),
        ("final_soc", 0.7),
    ],
)
@pytest.mark.parametrize("case", [alone, two])
def test_a_wrong_total_is_told(case, name, value):
    request, reply = case()
    reply = changed(reply, {(*CAR, "summary", name): value})

    sentences = ev_violations(request, copied(reply))

    assert any(name in sentence for sentence in sentences)
    assert_told(sentences, "vehicle 'car': summary: ")


@pytest.mark.parametrize(
    "summary",
    [
        {"total_cost": 1.1, "average_price": 1.1 / 7.5},
        {"solar_energy_kwh": 2.0, "grid_energy_kwh": 5.5},
    ],
)
def test_the_only_vehicle_of_a_site_takes_surplus_solar_first(summary):
    request, reply = alone()
    reply["ev_schedules"][0]["summary"] |= summary

    assert_told(ev_violations(request, copied(reply)), "vehicle 'car': summary: ")


def test_curtailed_solar_does_not_charge_the_only_vehicle():
    request, reply = alone()
    reply["meter"]["solar_curtailed_w"][0] = 1500
    reply["meter"]["grid_export_w"][0] = 0
    reply["meter"]["grid_import_w"][0] = 1000

    sentences = ev_violations(request, reply)

    assert_told(sentences, "solar_energy_kwh must be 1.5", "grid_energy_kwh", "total_", "bill")


@pytest.mark.parametrize("name", sorted(alone()[1]["bill"]))
def test_a_wrong_bill_is_told(name):
    request, reply = alone()
    reply["bill"][name] += 0.002

    told_as = "savings" if name == "baseline_cost" else name
    assert_told(ev_violations(request, reply), f"bill: {told_as} must be")


def test_a_vehicle_that_takes_nothing_has_no_average_price():
    request, reply = two()
    guest = told("guest", [0, 0, 0], [0.5] * 4, total_cost=0.0, average_price=0.1)
    reply["ev_schedules"][1] = guest

    sentences = [each for each in ev_violations(request, reply) if "guest" in each]

    assert_told(sentences, "vehicle 'guest': summary: average_price must be 0.000000, got 0.1")


def test_a_home_battery_that_may_not_export_is_told():
    request, reply = at_home()
    request["home_battery"]["can_export_to_grid"] = False
    schedule = reply["home"]["schedule"]
    schedule["discharge_w"][0] = schedule["battery_export_w"][0] = 700
    schedule["grid_export_w"][0] = reply["meter"]["grid_export_w"][0] = 3200
    schedule["solar_to_grid_w"][0] = 2500

    sentences = ev_violations(request, reply)

    assert "home: interval 0: battery_export must be at most 0.000 W, got 700.000 W" in sentences
    assert any("0: export by what may export must be at most 3000" in each for each in sentences)


def test_a_start_above_the_most_soc_may_stay():
    request, reply = two()
    request["evs"][1] |= {"max_soc": 0.4}
    idle = told("guest", [0, 0, 0], [0.5] * 4, total_cost=0.0, average_price=0.0)
    reply["ev_schedules"][1] = idle

    assert not [each for each in ev_violations(request, reply) if "guest" in each]


def test_the_cost_of_a_vehicle_that_gives_is_not_recomputed():
    request, reply = alone()
    request["ev"] |= {"max_discharge_kw": 1}
    reply["ev_schedules"][0]["schedule"]["discharge_power_w"][2] = 500
    reply["ev_schedules"][0]["summary"] |= {"total_cost": 0.75, "average_price": 0.1}

    sentences = ev_violations(request, copied(reply))

    assert not any("total_cost" in each or "average_price" in each for each in sentences)
