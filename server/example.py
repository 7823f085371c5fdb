"""A small request that can always be planned: for warming up."""

import msgspec


def example_body(n_intervals: int = 12) -> bytes:
    """Body of a minute request with a cheap first half and a dear second one."""
    half = n_intervals // 2
    return msgspec.json.encode(
        {
            "prices_import": [0.1] * half + [0.4] * (n_intervals - half),
            "prices_export": [0.05] * n_intervals,
            "solar_forecast": [0.0] * half + [2000.0] * (n_intervals - half),
            "load_forecast": [800.0] * n_intervals,
            "battery": {"current_soc": 0.5, "capacity_wh": 13500},
            "interval_minutes": 5,
        }
    )
