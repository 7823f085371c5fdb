"""Plan one day in five-minute steps, and print what to do, when and why."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from optimiser import Battery, Forecast, Horizon, Plan, Site, Tariff, plan

STEPS = 288
EVENING = 17, 21  # o'clock


def plan_a_day() -> Plan:
    """Plan a day with a cheap night, a sunny noon and a dear evening."""
    horizon = Horizon(
        start=datetime(2026, 1, 14, tzinfo=ZoneInfo("Australia/Sydney")), hours=[5 / 60] * STEPS
    )
    clock = np.arange(STEPS) * 5 / 60  # hours since midnight
    dear = (clock >= EVENING[0]) & (clock < EVENING[1])
    site = Site(
        horizon=horizon,
        tariff=Tariff(import_price=np.where(dear, 0.48, 0.22), export_price=[0.06] * STEPS),
        forecast=Forecast.from_power(  # kW; Forecast itself takes kWh per interval
            load=np.where(dear, 2.4, 0.6),
            solar=5.0 * np.maximum(0.0, np.sin(np.pi * (clock - 6) / 12)),
            horizon=horizon,
        ),
        batteries=[Battery(capacity=13.5, charge_limit=5, discharge_limit=5, initial_soc=0.3)],
    )
    return plan(site, "cost")


if __name__ == "__main__":
    best = plan_a_day()
    print(best)
    print(best.timestamps[0], best.actions[0], best.soc[0, 1])
