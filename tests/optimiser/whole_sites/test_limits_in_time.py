"""Limits and wishes that differ by time: plans of seeded sites against every binary.

A looser limit never costs more; that follows from optimality, and is looked at here because the
penalty, which goes by the dearest price, must not differ between the two.
"""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from optimiser import CostFunction, Goal, Grid, Inverter, Pin, PinnedAction, Stay, Vehicle, plan
from tests.account import violations
from tests.builders import NEW_YEAR, a_battery, a_site, a_small_site, in_pieces
from tests.oracle import least_cost

SITES = range(60)
HOUR = timedelta(hours=1)
KINDS = tuple(CostFunction)
PROVED = 1e-3  # $; gap within which a plan is called optimal


def instant(site, share):
    """Instant at a share of the horizon, in whole minutes."""
    minutes = round(60 * share * float(site.horizon.elapsed[-1]))
    return site.horizon.start + timedelta(minutes=minutes)


def with_batteries(site, change, rng):
    """The site with each of its batteries changed."""
    if change in {pins, curve_and_pins, least_power}:
        # What it gives by order would depend on what vehicles are given.
        site = replace(site, vehicles=())
    batteries = (replace(battery, **change(site, battery, rng)) for battery in site.batteries)
    return replace(site, batteries=batteries)


def goals(site, _, rng):
    """Goals of a battery, some of them inside intervals and some out of reach."""
    shares, levels = rng.uniform(0, 1, (2, int(rng.integers(1, 3))))
    return {
        "soc_at": [
            Goal(at=instant(site, share), soc=float(soc))
            for share, soc in zip(shares, levels, strict=True)
        ]
    }


def without_goals(battery):
    return replace(battery, soc_at=())


def levels(site, battery, rng):
    """A reserve and a ceiling of a few steps each, which an outage or the heat asks for."""
    n = site.horizon.n_intervals
    reserve = np.repeat(rng.uniform(0, 0.6, n), rng.integers(1, 5, n))[:n]
    most = np.repeat(rng.uniform(0.6, 1.0, n), rng.integers(1, 5, n))[:n]
    return {"reserve": reserve, "max_soc": most}


def without_levels(battery):
    return replace(battery, reserve=float(np.min(battery.reserve)), max_soc=1.0)


def powers(site, battery, rng):
    """Powers that the cold takes away, and permissions that come and go."""
    n = site.horizon.n_intervals
    return {
        "charge_limit": battery.charge_limit * rng.choice([0.0, 0.3, 1.0], n),
        "discharge_limit": battery.discharge_limit * rng.choice([0.0, 0.5, 1.0], n),
        "may_charge_from_grid": rng.uniform(0, 1, n) < 0.7,
        "may_export": rng.uniform(0, 1, n) < 0.7,
    }


def without_powers(battery):
    most = {name: max(getattr(battery, name)) for name in ("charge_limit", "discharge_limit")}
    return replace(battery, **most, may_charge_from_grid=True, may_export=True)


def pins(site, battery, rng):
    """Overrides: one or two from now on, and a pause later."""
    first, second, begin, end = (instant(site, x) for x in np.sort(rng.uniform(0.05, 1, 4)))
    ways, powers = rng.choice([*PinnedAction], 2), rng.uniform(0.5, 5.0, 2)
    spans = [(site.horizon.start, first), (first, second)]
    return {
        "pinned": [
            *(
                Pin(begin=a, end=b, action=way, power=float(power))
                for (a, b), way, power in zip(spans, ways, powers, strict=True)
                if a < b
            ),
            *([Pin(begin=begin, end=end, action="idle")] if begin < end else []),
        ]
    }


def without_pins(battery):
    return replace(battery, pinned=())


def curve(site, battery, rng):
    """Powers in that fall from somewhere on, faster and faster, perhaps to nothing."""
    n = int(rng.integers(1, 4))
    soc = np.append(np.sort(rng.uniform(0.1, 0.95, n)), 1.0)
    falls = np.append(0.0, np.cumsum(np.cumsum(rng.uniform(0.1, 1, n)) * np.diff(soc)))
    least = float(rng.choice([0.0, 0.2]))
    power = rng.uniform(0.5, 1.2) * battery.charge_limit * (1 - (1 - least) * falls / falls[-1])
    return {"charge_curve": [*zip(soc, power, strict=True)]}


def without_curve(battery):
    return replace(battery, charge_curve=())


def curve_and_pins(site, battery, rng):
    return curve(site, battery, rng) | pins(site, battery, rng)


def least_price(site, battery, rng):
    """Sold from a price on, as `min_sell_price` of requests has it."""
    return {"may_export": site.tariff.export_price >= rng.choice(site.tariff.export_price)}


def sold_at_any_price(battery):
    return replace(battery, may_export=True)


def sources(site, battery, rng):
    """Batteries that keep within solar, or surplus, beside a vehicle that may do so."""
    return {
        "within_solar": bool(rng.uniform() < 0.7),
        "may_charge_from_grid": bool(rng.uniform() < 0.7),
    }


def without_sources(battery):
    return replace(battery, within_solar=False, may_charge_from_grid=True)


def least_power(site, battery, rng):
    """Batteries that charge at no less than a power, derated or pinned or solar only at times."""
    kind = rng.integers(4)
    changes = powers(site, battery, rng) if kind == 1 else {}
    changes |= sources(site, battery, rng) if kind == 2 else {}
    changes |= pins(site, battery, rng) if kind == 3 else {}
    least = float(rng.uniform(0.1, 1.0)) * np.max(changes.get("charge_limit", battery.charge_limit))
    return {"least_charge": float(least), **changes}


def without_least_power(battery):
    return replace(battery, least_charge=0.0, pinned=())


CASES = {
    "least export price": (least_price, sold_at_any_price),
    "least_power": (least_power, without_least_power),
    "sources": (sources, without_sources),
    "pins": (pins, without_pins),
    "charge_curve": (curve, without_curve),
    "charge_curve and pins": (curve_and_pins, without_pins),
    "levels": (levels, without_levels),
    "powers": (powers, without_powers),
    "soc_at": (goals, without_goals),
}


def assert_optimal(site, cost_function):
    """A plan costs what the oracle says, within its gap, and can be carried out."""
    pieces = in_pieces(site)
    known = least_cost(pieces, cost_function, gap=1e-6)
    found = plan(site, cost_function)
    proof = found.certificate
    slack = 1e-4 + 1e-5 * abs(known.cost)
    assert known.is_proved
    assert proof.lower_bound - slack <= known.cost <= proof.optimum + slack
    assert proof.optimum - known.cost <= proof.optimum - proof.lower_bound + slack
    assert proof.optimum - proof.lower_bound <= PROVED
    itself = cost_function is CostFunction.SELF_CONSUMPTION
    assert violations(pieces, found.dispatch_in_pieces, consumes_itself=itself) == []
    return found


def end_value(_, vehicle, rng):
    """Energy that is worth something without a target."""
    target = rng.choice([None, vehicle.target_soc], p=[0.8, 0.2])
    return {"end_value": float(rng.uniform(0.05, 0.5)), "target_soc": target}


def goals_of_vehicle(site, vehicle, rng):
    """Two goals and perhaps a target; it may leave at the end, after it or never."""
    room, initial = 1 - vehicle.initial_soc, vehicle.initial_soc
    wanted = [
        Goal(at=instant(site, share), soc=float(initial + room * level))
        for share, level in rng.uniform([0.2, 0], [1, 0.4], (2, 2))
    ]
    target = rng.choice([None, vehicle.target_soc])
    leaves = rng.choice([None, vehicle.departure, site.horizon.end + HOUR])
    return {"goals": wanted, "target_soc": target, "departure": leaves}


def stays(site, vehicle, rng):
    """Two times at the charger and a goal at the end of the first."""
    edges = [instant(site, share) for share in np.sort(rng.uniform(0, 1.2, 4))]
    pairs = [pair for pair in (edges[:2], edges[2:]) if pair[0] < pair[1]]
    goal = Goal(at=edges[1], soc=float(vehicle.initial_soc + rng.uniform(0, 0.1)))
    return {
        "plugged": [Stay(begin=begin, end=end) for begin, end in pairs],
        "goals": [goal] if rng.uniform() < 0.5 else (),
        "arrival": None,
        "departure": None,
    }


def price_limit(site, vehicle, rng):
    """A price above which it takes surplus solar only."""
    prices = site.tariff.import_price
    return {"may_charge_from_grid": prices <= np.quantile(prices, rng.uniform(0, 1))}


def derated(site, vehicle, rng):
    """A charger that gives less at times, or nothing."""
    n, power = site.horizon.n_intervals, vehicle.charge_limit
    shares = np.append(rng.choice([0.0, 0.1, 0.5, 1.0], n - 1), 1.0)
    least = vehicle.least_charge * rng.choice([0.0, 0.5, 1.0])
    return {"charge_limit": power * rng.permutation(shares), "least_charge": least}


def minimum(site, vehicle, rng):
    """Charge that is wanted in some intervals, often of a vehicle that else takes solar only."""
    n = site.horizon.n_intervals
    wanted = rng.uniform(0, 0.6, n) * vehicle.charge_limit * (rng.uniform(0, 1, n) < 0.5)
    return {
        "wanted_charge": wanted,
        "may_charge_from_grid": bool(rng.uniform() < 0.5),
        "target_soc": rng.choice([None, vehicle.target_soc]),
    }


def sun(site, vehicle, rng):
    """A car that keeps within solar, perhaps with a minimum, beside batteries of any kind."""
    changes = minimum(site, vehicle, rng) if rng.uniform() < 0.3 else {}
    return {"within_solar": True, **changes}


OF_VEHICLES = {
    "sun": sun,
    "minimum": minimum,
    "end_value": end_value,
    "goals": goals_of_vehicle,
    "plugged": stays,
    "price_limit": price_limit,
    "derated": derated,
}
LOOSER = {
    "sun": ("within_solar", False),
    "minimum": ("wanted_charge", 0.0),
    "price_limit": ("may_charge_from_grid", True),
    "derated": ("charge_limit", 11.0),
}


def with_vehicle(name, seed):
    """A site with a vehicle, changed."""
    site, rng = a_small_site(seed, share=1.0), np.random.default_rng(seed)
    (vehicle,) = site.vehicles
    batteries = site.batteries[: int(rng.integers(0, 3))]
    changes = OF_VEHICLES[name](site, vehicle, rng)
    if name == "sun":
        batteries = [replace(each, **sources(site, each, rng)) for each in batteries]
    return replace(site, vehicles=[replace(vehicle, **changes)], batteries=batteries)


@pytest.mark.parametrize("name", OF_VEHICLES)
@pytest.mark.parametrize("seed", SITES)
def test_a_plan_with_a_vehicle_is_the_optimum(name, seed):
    assert_optimal(with_vehicle(name, seed), KINDS[seed % len(KINDS)])


def with_phases(seed):
    """A site with one or two vehicles on some of three phases, and a limit of each."""
    site, rng = a_small_site(seed, share=1.0), np.random.default_rng(seed)
    kinds = [(1,), (2,), (1, 2), (1, 2, 3), (1,)]
    vehicles = [
        replace(site.vehicles[0], phases=kinds[int(rng.integers(5))])
        for _ in range(int(rng.integers(1, 3)))
    ]
    grid = replace(site.grid, phase_limit=float(rng.uniform(1.0, 6.0)))
    batteries = site.batteries[: int(rng.integers(0, 3))]
    return replace(site, vehicles=vehicles, grid=grid, batteries=batteries)


@pytest.mark.parametrize("seed", SITES)
def test_a_plan_within_phases_is_the_optimum(seed):
    assert_optimal(with_phases(seed), KINDS[seed % len(KINDS)])


@pytest.mark.parametrize("seed", range(10))
def test_more_of_each_phase_or_on_more_of_them_never_costs_more(seed):
    site = with_phases(seed)
    on_all = [replace(vehicle, phases=(1, 2, 3)) for vehicle in site.vehicles]
    sites = (
        site,
        replace(site, grid=replace(site.grid, phase_limit=1.5 * site.grid.phase_limit)),
        replace(site, vehicles=on_all),
    )

    tight, *looser = (plan(each, CostFunction.PROFIT).certificate for each in sites)

    most = tight.optimum + 1e-6 * max(1.0, abs(tight.optimum))
    assert max(each.lower_bound for each in looser) <= most


def test_one_phase_holds_less_than_three():
    car = Vehicle(**{**A_CAR, "target_soc": 0.7, "phases": [2]})
    prices = {"import_price": 0.3, "export_price": 0.0, "load": [3.0, 1.5, 9.0]}
    site = a_site(**prices, vehicles=[car], grid=Grid(phase_limit=3.0))

    found = plan(site)

    miss = found.shortfalls[0]
    assert found.dispatch.charge[0] == pytest.approx([2.0, 2.5, 0.0])
    assert (miss.limit, miss.cause, miss.has) == ("vehicle_target", "phase_limit", 3.0)
    assert miss.amount == pytest.approx(12.0 - 4.5)


@pytest.mark.parametrize("seed", range(10))
def test_energy_of_a_vehicle_that_is_worth_more_is_no_less(seed):
    site = with_vehicle("end_value", seed)
    (vehicle,) = site.vehicles
    dearer = replace(site, vehicles=[replace(vehicle, end_value=vehicle.end_value + 0.2)])

    lower, higher = (plan(each, CostFunction.COST).certificate for each in (site, dearer))

    assert higher.lower_bound <= lower.optimum + 1e-6


@pytest.mark.parametrize("seed", range(10))
def test_a_vehicle_that_is_plugged_in_for_longer_costs_no_more(seed):
    site = with_vehicle("plugged", seed)
    vehicle = replace(site.vehicles[0], goals=(), departure=site.horizon.end)
    (first, *_) = vehicle.plugged
    whole = Stay(begin=first.begin, end=site.horizon.end + HOUR)
    short, long = (
        plan(replace(site, vehicles=[replace(vehicle, plugged=each)]), "profit").certificate
        for each in (vehicle.plugged, [whole])
    )

    assert long.lower_bound <= short.optimum + 1e-6 * max(1.0, abs(short.optimum))


@pytest.mark.parametrize("seed", range(10))
def test_a_vehicle_without_goals_costs_no_more(seed):
    site = with_vehicle("goals", seed)
    must = replace(site.vehicles[0], departure=None, target_soc=1.0)
    with_goals, without = (
        plan(replace(site, vehicles=[replace(must, goals=goals)]), "profit").certificate
        for goals in (must.goals, ())
    )

    assert without.lower_bound <= with_goals.optimum + 1e-6 * max(1.0, abs(with_goals.optimum))


def with_inverter(seed, ac_charge_limit):
    """A site behind a hybrid inverter, perhaps with its panels, paid at times to import."""
    site, rng = a_small_site(seed), np.random.default_rng(seed)
    inverter = Inverter(
        ac_limit=float(rng.uniform(1.0, 5.0)),
        ac_charge_limit=ac_charge_limit,
        dc_coupled_solar=bool(rng.uniform() < 0.7),
    )
    return replace(site, inverter=inverter)


@pytest.mark.parametrize("seed", SITES)
def test_a_plan_behind_an_inverter_that_takes_less_is_the_optimum(seed):
    most = float(np.random.default_rng(seed).uniform(0, 3))

    assert_optimal(with_inverter(seed, most), KINDS[seed % len(KINDS)])


@pytest.mark.parametrize("seed", range(10))
def test_an_inverter_that_takes_more_costs_no_more(seed):
    less, more = (
        plan(with_inverter(seed, most), CostFunction.PROFIT).certificate for most in (0.5, 2.0)
    )

    assert more.lower_bound <= less.optimum + 1e-6 * max(1.0, abs(less.optimum))


@pytest.mark.parametrize("name", LOOSER)
@pytest.mark.parametrize("seed", range(10))
def test_a_looser_limit_of_a_vehicle_never_costs_more(name, seed):
    site, (field, value) = with_vehicle(name, seed), LOOSER[name]
    vehicle = site.vehicles[0]
    if field == "wanted_charge":  # which allows to buy it
        vehicle = replace(vehicle, may_charge_from_grid=True)
    site, looser = (
        replace(site, vehicles=[each]) for each in (vehicle, replace(vehicle, **{field: value}))
    )

    costs = [plan(each, CostFunction.PROFIT).certificate for each in (site, looser)]

    assert costs[1].lower_bound <= costs[0].optimum + 1e-6 * max(1.0, abs(costs[0].optimum))


A_CAR = {"capacity": 60.0, "charge_limit": 8.0, "initial_soc": 0.5, "charge_efficiency": 1.0}


@pytest.mark.parametrize(
    ("changes", "charged"),
    [
        ({}, [2.0, 4.0, 2.0]),
        ({"may_charge_from_grid": False}, [2.0, 4.0, 2.0]),
        ({"target_soc": 0.7, "may_charge_from_grid": False}, [2.0, 4.0, 2.0]),
        ({"wanted_charge": [0.0, 2.0, 0.0]}, [0.0, 4.0, 0.0]),
        ({"initial_soc": 58 / 60}, [2.0, 0.0, 0.0]),
        ({"least_charge": 3.0, "least_time": 1.0}, [3.0, 4.0, 3.0]),
        ({"charge_limit": [1.0, 8.0, 8.0]}, [1.0, 4.0, 2.0]),
        ({"goals": [Goal(at=NEW_YEAR + HOUR, soc=0.6)]}, [6.0, 2.0, 2.0]),
    ],
)
def test_a_car_takes_its_minimum_and_the_sun(changes, charged):
    car = Vehicle(**{**A_CAR, "wanted_charge": 2.0, **changes})
    site = a_site(
        import_price=[0.3, 0.2, 0.3],
        export_price=0.0,
        load=1.0,
        solar=[0.0, 5.0, 0.0],
        vehicles=[car],
    )

    found = plan(site)

    assert found.dispatch.charge[0] == pytest.approx(charged)
    assert not any(miss.limit == "vehicle_wanted_charge" for miss in found.shortfalls)


def test_what_keeps_within_solar_leaves_the_load_to_the_grid():
    car = Vehicle(**{**A_CAR, "target_soc": 0.6, "within_solar": True})
    prices = {"import_price": [0.1, 0.2, 0.3], "export_price": 0.0}
    site = a_site(**prices, load=2.0, solar=[0.0, 2.5, 3.0], vehicles=[car])

    found = plan(site)

    assert found.dispatch.charge[0] == pytest.approx([0.0, 2.5, 3.0])
    assert found.flows.solar_to_vehicle[0] == pytest.approx([0.0, 2.5, 3.0])
    assert found.flows.grid_to_load == pytest.approx([2.0, 2.0, 2.0])


def test_what_a_minimum_lacks_is_told():
    car = Vehicle(**{**A_CAR, "wanted_charge": [2.0, 4.0, 6.0]})
    site = a_site(
        import_price=[0.3, 0.2, 0.3],
        export_price=0.0,
        load=1.0,
        vehicles=[car],
        grid=Grid(import_limit=4.0),
    )

    (miss,) = plan(site).shortfalls

    assert (miss.limit, miss.interval, miss.storage) == ("vehicle_wanted_charge", 1, 0)
    assert miss.amount == pytest.approx(1.0 + 3.0)


def test_a_price_limit_counts_more_than_a_target():
    changes = {"target_soc": 0.7, "may_charge_from_grid": [False, True, False]}
    car = Vehicle(**{**A_CAR, "charge_limit": 10.0, **changes})
    site = a_site(import_price=[0.3, 0.2, 0.3], export_price=0.0, load=1.0, vehicles=[car])

    found = plan(site)

    (miss,) = found.shortfalls
    assert found.dispatch.charge[0] == pytest.approx([0.0, 10.0, 0.0])
    assert (miss.limit, miss.cause) == ("vehicle_target", "permission")
    assert miss.amount == pytest.approx(2.0)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", SITES)
def test_a_plan_is_the_optimum(name, seed):
    change, _ = CASES[name]
    site = with_batteries(a_small_site(seed), change, np.random.default_rng(seed))

    assert_optimal(site, KINDS[seed % len(KINDS)])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(10))
def test_a_looser_limit_never_costs_more(name, seed):
    change, loosen = CASES[name]
    site = with_batteries(a_small_site(seed), change, np.random.default_rng(seed))
    looser = replace(site, batteries=map(loosen, site.batteries))

    costs = [plan(each, CostFunction.PROFIT).certificate for each in (site, looser)]

    assert costs[1].lower_bound <= costs[0].optimum + 1e-6 * max(1.0, abs(costs[0].optimum))


@pytest.mark.parametrize("seed", range(20))
def test_the_plan_of_the_rules_keeps_to_the_charge_curve(seed):
    site = with_batteries(a_small_site(seed), curve, np.random.default_rng(seed))

    found = plan(site, CostFunction.PROFIT, backends=[])

    assert found.certificate.solver in {"rules", "value_function"}
    assert violations(in_pieces(site), found.dispatch_in_pieces) == []


@pytest.mark.parametrize("seed", range(10))
def test_batteries_that_differ_in_size_alone_share_a_charge_curve(seed):
    site, rng = a_small_site(seed), np.random.default_rng(seed)
    one = a_battery(capacity=4.0, charge_limit=2.0, discharge_limit=2.0)
    one = replace(one, **curve(site, one, rng))
    double = [(soc, 2 * power) for soc, power in one.charge_curve]
    other = replace(one, capacity=8.0, charge_limit=4.0, discharge_limit=4.0, charge_curve=double)
    unlike = replace(other, initial_soc=0.9)

    found = assert_optimal(replace(site, batteries=[one, other]), CostFunction.PROFIT)
    assert_optimal(replace(site, batteries=[one, unlike]), CostFunction.PROFIT)

    assert found.dispatch.charge[1] == pytest.approx(2 * found.dispatch.charge[0])


def test_what_a_goal_lacks_is_told():
    battery = a_battery(charge_limit=0.5, soc_at=[Goal(at=NEW_YEAR + HOUR, soc=0.9)])
    site = a_site(battery, import_price=[0.3, 0.2], export_price=0.1, load=1.0)

    found = plan(site)

    (miss,) = (each for each in found.shortfalls if each.limit == "soc_at")
    assert miss.amount == pytest.approx(4.0 - 0.45)
    assert (miss.interval, miss.storage) == (0, 0)
