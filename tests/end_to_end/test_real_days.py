"""Real prices, sun and loads, in every mode."""

from datetime import date

import pytest

from benchmarks import real_days
from tests.end_to_end import COST_FUNCTIONS, instants, plan_of

FOLDER = real_days.data_folder()

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"needs the real data: {FOLDER} is absent (see POWERSYNC_DATA)"
)

DAYS = {
    "midsummer": date(2025, 1, 15),
    "clocks back": date(2025, 4, 6),
    "midwinter": date(2025, 6, 11),
}


@pytest.mark.parametrize("cost_function", COST_FUNCTIONS)
@pytest.mark.parametrize("day", DAYS)
async def test_a_real_day_is_planned(client, day, cost_function):
    request = real_days.request_for(DAYS[day], cost_function=cost_function)

    reply = await plan_of(client, request)

    assert reply["warnings"] == []
    assert not reply["status"].startswith("heuristic")
    assert instants(reply)[0].isoformat() == request["start_time"]
    if cost_function == "profit":
        assert reply["summary"]["savings"] > 0
