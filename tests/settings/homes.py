"""Settings of ordinary homes, and strategies for any that pass the checks."""

from hypothesis import strategies as st

from server.settings.home import (
    BatterySettings,
    CarSettings,
    FixedPrice,
    HeatSettings,
    InverterSettings,
    LoadSettings,
    MeterSettings,
    PriceSettings,
    Settings,
    SolarSettings,
    TariffPrices,
)
from server.settings.tariff import Rate, Tariff
from server.wire.requests import AllowanceIn, DemandChargeIn, ProviderConfigIn


def a_battery(**changes):
    values = {"soc": "sensor.soc", "capacity_kwh": 13.5, "charge_kw": 5.0, "discharge_kw": 5.0}
    return BatterySettings(**(values | changes))


def a_car(**changes):
    return CarSettings(**({"capacity_kwh": 60.0, "charge_kw": 7.4} | changes))


def a_load(**changes):
    return LoadSettings(**({"name": "Dishwasher", "power_kw": 2.0, "energy_kwh": 1.5} | changes))


def a_heat_store(**changes):
    values = {"capacity_kwh": 8.0, "level": "sensor.water", "power_kw": 2.0}
    return HeatSettings(**(values | changes))


def a_home(**changes):
    values = {
        "currency": "AUD",
        "import_price": PriceSettings(source=FixedPrice(price=0.3)),
        "export_price": PriceSettings(source=FixedPrice(price=0.05)),
        "batteries": [a_battery()],
    }
    return Settings(**(values | changes))


def numbers(low, high):
    return st.floats(low, high, allow_nan=False).map(lambda x: float(f"{x:.4g}"))


clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 0, 15, 30, 59)))
days = st.none() | st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True)
months = st.none() | st.lists(st.integers(1, 12), min_size=1, max_size=12, unique=True)
prices = numbers(-3, 3)
shares = numbers(0, 1)
powers = numbers(0.05, 100)

rates = st.builds(
    Rate,
    price=prices,
    start=st.none() | clocks,
    end=st.none() | clocks,
    weekdays=days,
    months=months,
)
tariffs = st.builds(
    Tariff,
    otherwise=prices,
    rates=st.lists(rates, max_size=4),
    holidays=st.lists(st.sampled_from(("2026-11-30", "12-01", "2024-02-29")), max_size=2),
)
sources = st.builds(FixedPrice, price=prices) | st.builds(TariffPrices, tariff=tariffs)
price_settings = st.builds(
    PriceSettings,
    source=sources,
    surcharge=numbers(-0.99, 1),
    fee=numbers(-3, 3),
    tax=numbers(-0.99, 1),
)


@st.composite
def batteries(draw):
    reserve, max_soc = sorted((draw(shares), draw(numbers(0.01, 1))))
    return a_battery(
        capacity_kwh=draw(numbers(0.2, 1000)),
        charge_kw=draw(powers),
        discharge_kw=draw(powers),
        efficiency=draw(numbers(0.5, 1)),
        reserve=reserve,
        max_soc=max(max_soc, 0.01),
        wear=draw(shares),
        charge_from_grid=draw(st.booleans()),
        export=draw(st.booleans()),
    )


@st.composite
def cars(draw):
    least, most = sorted((draw(powers), draw(powers)))
    return a_car(
        capacity_kwh=draw(numbers(1, 500)),
        charge_kw=most,
        min_charge_kw=draw(st.sampled_from((None, 0.0, least))),
        target=draw(shares),
    )


@st.composite
def loads(draw):
    """Draw up to two loads, the second perhaps after the first."""
    count = draw(st.integers(0, 2))
    return [
        a_load(
            name=f"Load {i}",
            power_kw=draw(numbers(0.05, 10)),
            energy_kwh=draw(numbers(0.01, 0.05)),
            earliest=draw(st.none() | clocks.filter(lambda clock: clock < "20:00")),
            latest=draw(st.sampled_from((None, "22:00", "24:00"))),
            weekdays=draw(days),
            after=draw(st.sampled_from((None, "Load 0"))) if i else None,
        )
        for i in range(count)
    ]


@st.composite
def heat(draw):
    least, most = sorted((draw(shares), draw(shares)))
    store = a_heat_store(
        capacity_kwh=draw(numbers(0.2, 100)),
        power_kw=draw(numbers(0.05, 20)),
        efficiency=draw(numbers(0.1, 6)),
        least=least,
        most=max(most, 0.01),
        loss_kw=draw(numbers(0, 1)),
        draw_kw=draw(numbers(0, 2)),
    )
    return draw(st.sampled_from(([], [store])))


demand_charges = st.builds(
    DemandChargeIn,
    price_per_kw=numbers(0, 250),
    start=st.none() | clocks,
    end=st.none() | clocks,
    weekdays=days,
    months=months,
    average_minutes=st.none() | st.sampled_from((5.0, 15.0, 30.0, 60.0)),
    billing_day=st.none() | st.integers(1, 31).map(float),
)
allowances = st.builds(
    AllowanceIn,
    direction=st.sampled_from(("import", "export")),
    daily_quota_kwh=numbers(0, 100),
    bonus_price=numbers(-1, 1),
    start=st.none() | clocks,
    end=st.none() | clocks,
    weekdays=days,
)
providers = st.builds(
    ProviderConfigIn,
    export_boost_enabled=st.booleans(),
    export_price_offset=numbers(-50, 50),
    export_min_price=numbers(0, 50),
    export_boost_start=clocks,
    export_boost_end=clocks,
    spike_protection_enabled=st.none() | st.booleans(),
)


@st.composite
def homes(draw):
    """Draw settings that pass the checks."""
    of_batteries = draw(st.lists(batteries(), max_size=2))
    of_cars = draw(st.lists(cars(), min_size=0 if of_batteries else 1, max_size=2))
    return Settings(
        currency=draw(st.sampled_from((None, "AUD", "EUR", "SEK", "JPY"))),
        import_price=draw(price_settings),
        export_price=draw(st.none() | price_settings),
        meter=MeterSettings(
            max_import_kw=draw(st.none() | numbers(0.2, 1000)),
            max_export_kw=draw(st.none() | st.sampled_from((0.0, 5.0, 1000.0))),
        ),
        solar=SolarSettings(may_curtail=draw(st.booleans())),
        batteries=of_batteries,
        inverter=draw(
            st.none()
            | st.builds(
                InverterSettings, ac_limit_kw=numbers(0.2, 100), dc_coupled_solar=st.booleans()
            )
        ),
        cars=of_cars,
        loads=draw(loads()),
        heat=draw(heat()),
        demand_charges=draw(st.lists(demand_charges, max_size=1)),
        allowances=draw(st.lists(allowances, max_size=1)),
        provider=draw(st.none() | providers),
        cost_function=draw(st.sampled_from(("cost", "profit", "self_consumption"))),
        horizon_hours=draw(st.integers(24, 72)),
    )
