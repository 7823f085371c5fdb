"""Tests of the planning library, and hand-sized sites for them."""

from datetime import UTC, datetime

from optimiser import Battery, Forecast, Grid, Horizon, Site, Tariff

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def battery_of(**changes):
    """A half-full battery of 10 kWh and 5 kW that loses a tenth each way."""
    usual = {
        "capacity": 10.0,
        "charge_limit": 5.0,
        "discharge_limit": 5.0,
        "initial_soc": 0.5,
        "charge_efficiency": 0.9,
        "discharge_efficiency": 0.9,
    }
    return Battery(**{**usual, **changes})


def site_of(
    *batteries, import_price, export_price, load, solar=None, hours=None, grid=None, start=NEW_YEAR
):
    """A site of one-hour intervals, or of other `hours`; without solar unless some is given."""
    n = len(import_price)
    return Site(
        horizon=Horizon(start=start, hours=[1.0] * n if hours is None else hours),
        tariff=Tariff(import_price=import_price, export_price=export_price),
        forecast=Forecast(load=load, solar=[0.0] * n if solar is None else solar),
        batteries=batteries,
        grid=Grid() if grid is None else grid,
    )
