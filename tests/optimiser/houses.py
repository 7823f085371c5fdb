"""A house with noisy prices, for tests that need a realistic plan rather than a small one."""

from datetime import UTC, datetime

import numpy as np

from optimiser import Battery, Forecast, Horizon, Site, Tariff

N = 96


def house(seed=0, *, noise=0.0, **battery):
    """Two days of half hours: morning and evening peaks, sun at noon, some noise."""
    rng = np.random.default_rng(seed)
    hour = np.arange(N) / 2 % 24
    price = (
        0.25 + 0.15 * np.exp(-(((hour - 18.5) / 2) ** 2)) - 0.1 * np.exp(-(((hour - 12) / 3) ** 2))
    )
    price = price + rng.normal(0, 0.01, N)
    load = 0.3 + 0.4 * np.exp(-(((hour - 19) / 2) ** 2)) + rng.uniform(0, 0.1, N)
    solar = 2.0 * np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None)

    def shaken(values):
        return values * (1 + noise * rng.standard_normal(N))

    import_price = shaken(price)
    return Site(
        horizon=Horizon(start=datetime(2026, 2, 3, tzinfo=UTC), hours=np.full(N, 0.5)),
        tariff=Tariff(import_price=import_price, export_price=shaken(price) - 0.15),
        forecast=Forecast(load=shaken(load), solar=shaken(solar)),
        batteries=(
            Battery(
                **{
                    "capacity": 10.0,
                    "charge_limit": 4.0,
                    "discharge_limit": 4.0,
                    "initial_soc": 0.4,
                    "reserve": 0.1,
                    **battery,
                }
            ),
        ),
    )
