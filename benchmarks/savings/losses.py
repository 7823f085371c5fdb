"""Where the savings that were possible went: horizon, forecast error, execution."""

from dataclasses import dataclass

from benchmarks.savings.forecasts import CORRECTED, PERFECT, RECENT, WEEK, YESTERDAY, Model
from benchmarks.savings.strategies import Strategy
from benchmarks.savings.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Loss against perfect foresight, in parts that add up. [$]

    Attributes
    ----------
    name : str
        Of the forecasts.
    horizon : float
        With perfect forecasts of 48 h and a plan every half hour.
    forecast : float
        Added by forecasts, once the running half hour is metered.
    execution : float
        Added because the command is given before load and sun of the running half hour are known.
    """

    name: str
    horizon: float
    forecast: float
    execution: float

    @property
    def total(self) -> float:
        """[$]"""
        return self.horizon + self.forecast + self.execution


def losses(
    study: Study, models: tuple[Model, ...] = (RECENT, WEEK, CORRECTED, YESTERDAY)
) -> list[Loss]:
    """Decompose the loss of each model that was replayed both ways."""
    perfect = study.named(Strategy(model=PERFECT).name)
    found = []
    for model in models:
        metered = study.named(Strategy(model=model.metered()).name)
        executed = study.named(Strategy(model=model).name)
        if perfect and metered and executed:
            found.append(
                Loss(
                    name=model.name,
                    horizon=perfect.bill - study.limit.bill,
                    forecast=metered.bill - perfect.bill,
                    execution=executed.bill - metered.bill,
                )
            )
    return found
