"""A site for every code of a reason: whose step it is, and the whole sentence."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from optimiser import (
    Action,
    Allowance,
    CostFunction,
    Direction,
    ExportBoost,
    Grid,
    Pin,
    PinnedAction,
    ProviderRules,
    ReasonCode,
    Site,
    Vehicle,
    Window,
)
from tests.builders import a_battery, a_site

START = datetime(2026, 3, 2, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One step of one plan, and what is said of it."""

    code: ReasonCode
    sentence: str
    site: Site
    step: int = 0
    goal: CostFunction = CostFunction.PROFIT
    rules: ProviderRules | None = None
    actions: tuple[Action, ...] | None = None


def hourly(import_price, export_price=0.0, *, load=1.0, solar=0.0, grid=None, **battery):
    """Hours from midnight, with a battery at its reserve of 20 %."""
    home = a_battery(**{"initial_soc": 0.2, "reserve": 0.2, **battery})
    series = {"import_price": import_price, "export_price": export_price}
    return a_site(home, start=START, **series, load=load, solar=solar, grid=grid)


def hour(h):
    return START + timedelta(hours=h)


def charging(site, **fields):
    """The same with a vehicle of 40 kWh in place of the battery."""
    usual = {"capacity": 40.0, "charge_limit": 7.0, "initial_soc": 0.5}
    return replace(site, batteries=(), vehicles=(Vehicle(**{**usual, **fields}),))


def _paired(site):
    """The same with a second, smaller battery."""
    return replace(site, batteries=(site.batteries[0], replace(site.batteries[0], capacity=6.0)))


def _free_until_one(site):
    window = Window(start=time(0), end=time(1))
    free = Allowance(direction=Direction.IMPORT, price=0.0, daily_energy=5.0, window=window)
    return replace(site, tariff=replace(site.tariff, allowances=(free,)))


CURTAILS = Grid(curtailment=True)
BATTERY_CASES = (
    Case(
        code=ReasonCode.CHARGE_FOR_LATER,
        site=hourly([0.08, 0.30, 0.41, 0.41], load=[0.5, 0.0, 2.0, 0.0]),
        sentence="Charging at 2.5 kW from the grid: power costs 0.08 $/kWh now, and powering the "
        "home saves 0.41 $/kWh at 02:00",
    ),
    Case(
        code=ReasonCode.CHARGE_FOR_LATER,
        site=hourly([0.12, 0.30, 0.41]),
        sentence="Charging at 2.5 kW from the grid: power costs 0.12 $/kWh now, and powering the "
        "home saves 0.30 $/kWh at 01:00",
    ),
    Case(
        code=ReasonCode.CHARGE_FOR_LATER,
        site=hourly([0.38, 0.4], [0.05, 0.05], load=[0.0, 3.0], solar=[3.0, 0.0]),
        sentence="Charging at 3.0 kW from solar: it is solar that would earn 0.05 $/kWh now, and "
        "powering the home saves 0.40 $/kWh at 01:00",
    ),
    Case(
        code=ReasonCode.CHARGE_FOR_LATER,
        site=_paired(hourly([0.12, 0.41], load=[0.0, 8.0])),
        sentence="Charging at 9.9 kW from the grid: power costs 0.12 $/kWh now, and powering the "
        "home saves 0.41 $/kWh at 01:00",
    ),
    Case(
        code=ReasonCode.CHARGE_FOR_LATER,
        site=hourly([10.0, 30.0, 41.0], load=[0.5, 0.0, 2.0]),
        sentence="Charging at 2.5 kW from the grid: power costs 10 $/kWh now, and powering the "
        "home saves 41 $/kWh at 02:00",
    ),
    Case(
        code=ReasonCode.PAID_TO_CHARGE,
        site=hourly([-0.12, 0.30], load=0.5),
        sentence="Charging at 5.0 kW from the grid: the grid pays 0.12 $/kWh now",
    ),
    Case(
        code=ReasonCode.STORE_UNSOLD_SOLAR,
        site=hourly([0.3, 0.3], -0.03, load=[0.0, 1.0], solar=[2.0, 0.0], grid=CURTAILS),
        sentence="Charging at 1.2 kW from solar: it is solar that would earn nothing now, and "
        "powering the home saves 0.30 $/kWh at 01:00",
    ),
    Case(
        code=ReasonCode.STORE_SOLAR,
        site=hourly([0.2, 0.2], [0.5, 0.0], load=[0.0, 2.0], solar=[3.0, 0.0]),
        goal=CostFunction.SELF_CONSUMPTION,
        sentence="Charging at 2.5 kW from solar: it is solar that would earn 0.50 $/kWh now, and "
        "it powers the home from 01:00",
    ),
    Case(
        code=ReasonCode.KEEP_FOR_AFTER,
        site=hourly([0.1, 0.3], load=0.0, end_value=0.5),
        goal=CostFunction.COST,
        sentence="Charging at 4.4 kW on average from the grid: power costs 0.10 to 0.30 $/kWh "
        "now, and it is kept for the time after this plan",
    ),
    Case(
        code=ReasonCode.PINNED,
        site=hourly(
            [0.30, 0.10],
            pinned=(Pin(begin=hour(0), end=hour(1), action=PinnedAction.CHARGE, power=2.0),),
        ),
        sentence="Charging at 2.0 kW from the grid: set by hand",
    ),
    Case(
        code=ReasonCode.REGAIN_RESERVE,
        site=hourly([0.30, 0.31, 0.32], initial_soc=0.1, load=0.0),
        sentence="Charging at 1.1 kW from the grid to regain the reserve of 20 %: power costs "
        "0.30 $/kWh now",
    ),
    Case(
        code=ReasonCode.REGAIN_RESERVE,
        site=hourly([0.12, 0.50], initial_soc=0.1, load=[0.0, 2.0]),
        sentence="Charging at 3.6 kW from the grid, first to regain the reserve of 20 %: power "
        "costs 0.12 $/kWh now",
    ),
    Case(
        code=ReasonCode.REACH_TARGET,
        site=hourly([0.1, 0.3], load=0.0, target_end_soc=0.5),
        sentence="Charging at 3.3 kW from the grid: power costs 0.10 $/kWh now, and 50 % is "
        "wanted at the end",
    ),
    Case(
        code=ReasonCode.CHARGE,
        site=_free_until_one(hourly([0.3, 0.3], load=[1.0, 3.0])),
        sentence="Charging at 3.7 kW from the grid: a daily allowance sets the price",
    ),
    Case(
        code=ReasonCode.CHARGE,
        site=hourly([0.12, 0.30, 0.41]),
        actions=(Action.IDLE, Action.CONSUME, Action.CONSUME),
        sentence="Holding, then charging at 2.5 kW",
    ),
    Case(
        code=ReasonCode.REACH_TARGET,
        site=hourly([0.1], load=0.0, solar=2.0, target_end_soc=0.3818),
        sentence="Charging at 2.0 kW from solar: power costs 0.10 $/kWh now, and 38 % is wanted "
        "at the end",
    ),
    Case(
        code=ReasonCode.REFILL_LATER,
        site=hourly([0.40, 0.05, 0.30], initial_soc=0.8, load=[3.0, 0.0, 6.0]),
        sentence="Powering the home with 3.0 kW: power costs 0.40 $/kWh now, and charging costs "
        "0.05 $/kWh at 01:00",
    ),
    Case(
        code=ReasonCode.REFILL_LATER,
        site=hourly(
            [0.40, 0.30, 0.30],
            [0.0, 0.06, 0.0],
            initial_soc=0.8,
            load=[3.0, 0.0, 6.0],
            solar=[0, 5.0, 0],
        ),
        sentence="Powering the home with 3.0 kW: power costs 0.40 $/kWh now, and solar that would "
        "earn 0.06 $/kWh charges it at 01:00",
    ),
    Case(
        code=ReasonCode.POWER_HOME,
        site=hourly([0.12, 0.30, 0.41]),
        step=1,
        sentence="Powering the home with 1.0 kW: power costs 0.30 to 0.41 $/kWh then",
    ),
    Case(
        code=ReasonCode.SELL,
        site=hourly([0.5, 0.1], [0.45, 0.02], load=[1.62, 0.0], initial_soc=0.7),
        sentence="Selling 2.9 kW and powering the home with 1.6 kW: selling earns 0.45 $/kWh now",
    ),
    Case(
        code=ReasonCode.SELL,
        site=hourly([0.5, 0.5], 0.45, load=[1.0, 2.0], initial_soc=1.0, capacity=20.0),
        sentence="Selling 3.5 kW and powering the home with 1.5 kW on average: selling earns "
        "0.45 $/kWh now",
    ),
    Case(
        code=ReasonCode.SELL,
        site=hourly([0.3, 0.3], 0.05, load=0.0, initial_soc=0.9),
        rules=ProviderRules(export_boost=ExportBoost(window=Window(time(1), time(2)), offset=0.3)),
        sentence="Selling 3.2 kW on average: selling earns 0.05 $/kWh now",
    ),
    Case(
        code=ReasonCode.HOLD_FOR_LATER,
        site=hourly([0.40, 0.45], initial_soc=0.4, load=[1.0, 3.0]),
        sentence="Holding at 40 %: power costs 0.40 $/kWh now, and powering the home saves "
        "0.45 $/kWh at 01:00",
    ),
    Case(
        code=ReasonCode.WAIT_FOR_CHEAPER,
        site=hourly(
            0.3,
            [0.10, 0.02, 0.0],
            load=[0.0, 0.0, 3.0],
            solar=[2.0, 5.0, 0.0],
        ),
        sentence="Holding at 20 % while the home sells 2.0 kW: selling earns 0.10 $/kWh now, and "
        "solar that would earn 0.02 $/kWh charges it at 01:00",
    ),
    Case(
        code=ReasonCode.AT_RESERVE,
        site=hourly([0.30, 0.05, 0.40]),
        sentence="Holding at the reserve of 20 %: power costs 0.30 $/kWh now, and charging costs "
        "0.05 $/kWh at 01:00",
    ),
    Case(
        code=ReasonCode.AT_RESERVE,
        site=hourly([0.30, 0.05, 0.40], initial_soc=0.0, reserve=0.0),
        sentence="Holding, empty: power costs 0.30 $/kWh now, and charging costs 0.05 $/kWh at "
        "01:00",
    ),
    Case(
        code=ReasonCode.FULL,
        site=hourly(0.3, 0.1, initial_soc=1.0, load=[0.0, 1.0], solar=[2.0, 0.0], may_export=False),
        sentence="Holding at 100 %, full, while the home sells 2.0 kW: selling earns 0.10 $/kWh "
        "now",
    ),
    Case(
        code=ReasonCode.NOT_NEEDED,
        site=hourly(0.3, load=[0.0, 2.0], initial_soc=0.5),
        sentence="Holding at 50 %: the home needs nothing from it now",
    ),
    Case(
        code=ReasonCode.HOLD,
        site=hourly([0.3, 0.1], initial_soc=0.4, target_end_soc=0.5, discharge_limit=0.0),
        sentence="Holding at 40 %: power costs 0.30 $/kWh now",
    ),
    Case(
        code=ReasonCode.NOTHING_TO_GAIN,
        site=hourly(0.3, load=[1.0, 1.0, 1.0]),
        sentence="Holding for the next 3 h: no charge or discharge is worth it under the prices "
        "and rules of this plan",
    ),
    Case(
        code=ReasonCode.SOLAR_CHARGES,
        site=hourly([0.38, 0.4], [0.05, 0.05], load=[0.0, 3.0], solar=[3.0, 0.0]),
        actions=(Action.IDLE, Action.CONSUME),
        sentence="Holding: solar charges the battery at 3.0 kW",
    ),
    Case(
        code=ReasonCode.NO_BATTERY,
        site=hourly([0.1, 0.5], capacity=0.0),
        sentence="Nothing to do: there is no battery to use",
    ),
    Case(
        code=ReasonCode.NO_BATTERY,
        site=hourly([0.1, 0.5], charge_limit=0.0, discharge_limit=0.0),
        sentence="Nothing to do: there is no battery to use",
    ),
)
_DAY = [0.10, 0.30, 0.30]
VEHICLE_CASES = (
    Case(
        code=ReasonCode.REACH_TARGET,
        site=charging(hourly(_DAY), target_soc=0.6, departure=hour(3)),
        sentence="Charging at 4.3 kW from the grid: power costs 0.10 $/kWh now, and 60 % is "
        "wanted by 03:00",
    ),
    Case(
        code=ReasonCode.REACH_TARGET,
        site=charging(hourly(_DAY), target_soc=0.51, least_charge=4.1),
        sentence="Charging for 6 of 60 min at 4.1 kW: power costs 0.10 $/kWh now, and 51 % is "
        "wanted",
    ),
    Case(
        code=ReasonCode.WAIT_FOR_CHEAPER,
        site=charging(hourly([0.30, 0.10, 0.30]), target_soc=0.6),
        sentence="Waiting at 50 % until 01:00: power costs 0.30 $/kWh now, and charging costs "
        "0.10 $/kWh at 01:00, and 60 % is wanted",
    ),
    Case(
        code=ReasonCode.WAIT,
        site=charging(hourly(_DAY), target_soc=0.6, arrival=hour(1.5)),
        step=1,
        sentence="Waiting at 50 % until 02:00: charging costs 0.30 $/kWh at 02:00, and 60 % is "
        "wanted",
    ),
    Case(
        code=ReasonCode.NOT_CHARGED,
        site=charging(hourly(_DAY), target_soc=0.6, may_charge_from_grid=False),
        sentence="Holding at 50 %: it is charged no more within this plan, and 60 % is wanted",
    ),
    Case(
        code=ReasonCode.TARGET_REACHED,
        site=charging(hourly(_DAY), target_soc=0.6),
        step=1,
        sentence="Holding at 60 %: the 60 % wanted is reached",
    ),
    Case(
        code=ReasonCode.HOLD,
        site=charging(hourly(_DAY)),
        sentence="Holding at 50 %",
    ),
    Case(
        code=ReasonCode.STORE_UNSOLD_SOLAR,
        site=charging(hourly(_DAY, [-0.1, 0, 0], load=0.0, solar=[3.0, 0, 0]), target_soc=0.5),
        sentence="Charging at 3.0 kW from solar: it is solar that would earn nothing now",
    ),
    Case(
        code=ReasonCode.CHARGE_FOR_LATER,
        site=charging(hourly([0.1, 0.6, 0.1], load=2.0), target_soc=0.5, discharge_limit=5.0),
        sentence="Charging at 2.4 kW from the grid: power costs 0.10 $/kWh now, and powering the "
        "home saves 0.60 $/kWh at 01:00",
    ),
    Case(
        code=ReasonCode.POWER_HOME,
        site=charging(hourly([0.1, 0.6, 0.1], load=2.0), target_soc=0.5, discharge_limit=5.0),
        step=1,
        sentence="Powering the home with 2.0 kW: power costs 0.60 $/kWh then",
    ),
    Case(
        code=ReasonCode.AWAY,
        site=charging(hourly(_DAY), target_soc=0.6, departure=START),
        sentence="Not at its charger",
    ),
    Case(
        code=ReasonCode.AWAY,
        site=charging(hourly(_DAY), target_soc=0.6, arrival=hour(3)),
        sentence="Not at its charger",
    ),
    Case(
        code=ReasonCode.AWAY,
        site=charging(hourly(_DAY), target_soc=0.6, arrival=hour(1.5)),
        sentence="Not at its charger until 01:30",
    ),
)
