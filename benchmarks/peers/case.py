"""One battery over one horizon, in plain numbers that every peer can take.

Knows numpy only, so that a peer in an environment of its own can read it.
"""

import json
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A home with one battery; what is left at the end is worth nothing.

    Attributes
    ----------
    hours : float
        Length of every interval. [h]
    import_price, export_price : float64 array, shape (T,)
        Cost of energy in, reward for energy out. [$/kWh]
    load, solar : float64 array, shape (T,)
        Forecast. [kWh per interval]
    import_limit, export_limit : float64 array, shape (T,)
        Most through the meter. [kWh per interval]
    charge_limit, discharge_limit : float
        Most through the battery, outside its losses. [kWh per interval]
    charge_efficiency, discharge_efficiency : float
        One-way. [-]
    capacity, floor, ceiling, initial : float
        Size of the battery, bounds of its energy, and energy stored now. [kWh]
    """

    hours: float
    import_price: Vector
    export_price: Vector
    load: Vector
    solar: Vector
    import_limit: Vector
    export_limit: Vector
    charge_limit: float
    discharge_limit: float
    charge_efficiency: float
    discharge_efficiency: float
    capacity: float
    floor: float
    ceiling: float
    initial: float

    @property
    def n_intervals(self) -> int:
        """Number of intervals, T. [-]"""
        return self.load.size

    def as_json(self) -> str:
        """Everything, for another process."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({name: np.asarray(value).tolist() for name, value in values.items()})

    @classmethod
    def from_json(cls, text: str) -> "Case":
        """The case that `as_json` wrote."""
        values = json.loads(text)
        return cls(
            **{
                name: np.array(value) if isinstance(value, list) else value
                for name, value in values.items()
            }
        )
