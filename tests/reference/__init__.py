"""The slow, obvious oracle: judge a reply of a planning endpoint from the request and the reply.

Plain Python, the standard library, nothing of the project: what the planner gets wrong cannot
be wrong here in the same way.  Units are those of the wire: W, Wh, $/kWh, minutes, SoC 0-1; kW and
kWh where vehicles are described.

A request is *clean*: `prices_import`, `prices_export`, `solar_forecast` and `load_forecast` are
lists of finite numbers of the schedule's length, `interval_minutes` is a number or such a list,
limits of the meter are numbers or such lists, ``HH:MM`` windows hold lists of numbers as weekdays
and months.  Tests of repaired input pass the intended reading.

- ``/optimize``: `battery` has `capacity_wh` and `current_soc`.
- ``/multi-battery/optimize``: each of `batteries` has those and an `id` of text.
- ``/ev/optimize``: `ev`, or each of `evs`, has `vehicle_id`, `battery_capacity_kwh`,
  `current_soc`, `target_soc` or null, `max_charge_kw`, `min_charge_kw` and `charger_efficiency`;
  its times are null or ISO 8601 with an offset.  `home_battery` is as `battery`.
"""

from tests.reference.ev import ev_violations
from tests.reference.multi_battery import multi_battery_violations
from tests.reference.optimize import baseline_bill, bill, simulate_soc, violations

__all__ = [
    "baseline_bill",
    "bill",
    "ev_violations",
    "multi_battery_violations",
    "simulate_soc",
    "violations",
]
