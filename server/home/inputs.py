"""One look at everything that a plan needs, each source with its health."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from server.books.entries import PriceSpan
from server.home.assessment import (
    allowances_health,
    load_of_home,
    peaks_health,
    prices_of,
    solar_of_home,
)
from server.home.errors import InputError
from server.home.history.reading import (
    History,
    allowances_so_far,
    peaks_so_far,
    read_history,
    read_recent,
)
from server.home.powersync import PowerSyncView, read_view
from server.home.readings import Inputs, SourceHealth
from server.home.request import end_of_plan
from server.home.states.batteries import read_socs, require_socs
from server.home.states.cars import read_cars
from server.home.states.flexible import read_flexible
from server.home.states.forecasts import read_forecasts
from server.home.states.look import Look, Memory
from server.home.states.published import Published, entities_of, prices_of_source
from server.home.states.socs import ExpectedSocs
from server.home_assistant.link import Link, LinkError
from server.home_assistant.states import is_entity_id
from server.home_assistant.statistics import Change
from server.reading.clock import find_zone
from server.settings.home import (
    EntityForecast,
    PowerSyncForecast,
    PowerSyncPrices,
    PriceSettings,
    Settings,
)

_OLD_VIEW = timedelta(minutes=30)  # it plans every five minutes

T = TypeVar("T")


class InputReader:
    """Reads the inputs of plans, and keeps what one look needs of those before.

    Attributes
    ----------
    health : list of SourceHealth
        Of every source at the last look, also one that ended with an `InputError`.
    view : PowerSyncView or None
        PowerSync's at the last look, where it was asked.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._memory, self._history = Memory(), History()
        self.health: list[SourceHealth] = []
        self.view: PowerSyncView | None = None

    async def read(
        self,
        settings: Settings,
        now: datetime,
        history: Sequence[PriceSpan] = (),
        previous: ExpectedSocs | None = None,
    ) -> Inputs:
        """Return the inputs of a plan that begins now.

        Parameters
        ----------
        settings : Settings
            As checked.
        now : datetime
            Time-zone aware.
        history : sequence of PriceSpan
            Prices of the last weeks, from the books.
        previous : ExpectedSocs or None
            States of charge that the commands before should have led to.

        Raises
        ------
        InputError
            Where no plan can be made.
        """
        settings = _of_powersync(settings)
        look = await self._look(settings, now.astimezone(UTC), previous)
        imports, exports, socs, forecast, recent, cars = await asyncio.gather(
            prices_of_source(look, settings.import_price.source, "import"),
            _exports(look, settings),
            read_socs(look, settings),
            read_forecasts(look, settings.solar.forecasts),
            self._read_statistics(look, settings),
            read_cars(look, settings.cars),
        )
        flexible = await read_flexible(look, settings)
        import_prices, of_imports = prices_of(look, settings, "import", imports, history)
        export_prices, of_exports = prices_of(look, settings, "export", exports, history)
        load, of_load = load_of_home(look, settings, self._history, recent)
        solar, of_solar = solar_of_home(look, settings, self._history, forecast)
        peaks = peaks_so_far(look, settings, self._history, recent)
        used = allowances_so_far(look, settings, recent)
        self.health = [
            *self._view_health(settings, look),
            *(health for _, health in socs),
            *(health for _, healths in cars for health in healths),
            *flexible.health,
            *of_imports,
            *of_exports,
            of_load,
            *of_solar,
            *peaks_health(look, settings, peaks),
            *allowances_health(look, settings, used),
        ]
        return Inputs(
            at=look.now,
            zone=look.zone,
            timezone=str(look.zone),
            import_prices=_require(import_prices),
            export_prices=_require(export_prices),
            solar_rows=_require(solar),
            load_rows=load,
            socs=require_socs(socs),
            cars=[car for car, _ in cars],
            runs=[None] * len(settings.loads),
            wanted=flexible.wanted,
            levels=flexible.levels,
            peaks_kw=peaks,
            used_kwh=used,
            health=self.health,
            notes=list(dict.fromkeys(health.text for health in self.health if health.text)),
        )

    async def entities(self, settings: Settings, now: datetime) -> list[str]:
        """Return the entities whose changes call for another look."""
        settings = _of_powersync(settings)
        look = Look(link=self._link, now=now, end=now, zone=UTC, currency="", memory=self._memory)
        found = [battery.soc for battery in settings.batteries]
        for car in settings.cars:
            named = (car.soc, car.plugged, car.target, car.departure)
            found += [name for name in named if isinstance(name, str) and is_entity_id(name)]
        found += [load.enabled for load in settings.loads if load.enabled]
        for price in filter(None, (settings.import_price, settings.export_price)):
            found += await entities_of(look, price.source)
        for forecast in settings.solar.forecasts:
            found += forecast.entities if isinstance(forecast, EntityForecast) else []
        return list(dict.fromkeys(found))

    async def _look(self, settings: Settings, now: datetime, previous: ExpectedSocs | None) -> Look:
        config = self._link.config
        zone = find_zone(config.time_zone) if config else None
        if config is None or zone is None:
            raise InputError("home_assistant", "Home Assistant is not connected.")
        self.view = await self._read_view(settings)
        return Look(
            link=self._link,
            now=now,
            end=end_of_plan(now, settings),
            zone=zone,
            currency=settings.currency or config.currency,
            memory=self._memory,
            view=self.view,
            previous=previous,
        )

    async def _read_view(self, settings: Settings) -> PowerSyncView | None:
        if not _asks_powersync(settings):
            return None
        try:
            return await read_view(self._link)
        except LinkError:
            return None

    async def _read_statistics(
        self, look: Look, settings: Settings
    ) -> Mapping[str, Sequence[Change]]:
        self._history = await read_history(look, settings, self._history)
        return await read_recent(look, settings, self._history)

    def _view_health(self, settings: Settings, look: Look) -> list[SourceHealth]:
        if not settings.use_powersync:
            return []
        at = self.view.instant(look.zone) if self.view else None
        health = SourceHealth(field="use_powersync", label="PowerSync", value="its view", at=at)
        if self.view is None:
            health.state, health.value = "missing", ""
            health.text = "PowerSync's view does not answer."
        elif at and look.now - at > _OLD_VIEW:
            health.state = "old"
            health.text = f"PowerSync's plan is of {look.clock(at)}."
        return [health]


def _require(part: T | InputError) -> T:
    """Return a part of the inputs.

    Raises
    ------
    InputError
        Where it is one.
    """
    if isinstance(part, InputError):
        raise part
    return part


async def _exports(look: Look, settings: Settings) -> Published:
    """Return export prices; there are none where nothing is paid."""
    if settings.export_price is None:
        return Published()
    return await prices_of_source(look, settings.export_price.source, "export")


def _of_powersync(settings: Settings) -> Settings:
    """Return settings that take from PowerSync's view all that it has, where that is chosen."""
    if not settings.use_powersync:
        return settings
    prices = PriceSettings(source=PowerSyncPrices())
    solar = msgspec.structs.replace(settings.solar, forecasts=[PowerSyncForecast()])
    return msgspec.structs.replace(settings, import_price=prices, export_price=prices, solar=solar)


def _asks_powersync(settings: Settings) -> bool:
    """Return whether anything is of PowerSync's view."""
    prices = [price.source for price in (settings.import_price, settings.export_price) if price]
    parts = [*prices, *settings.solar.forecasts]
    return settings.use_powersync or any(
        isinstance(part, PowerSyncPrices | PowerSyncForecast) for part in parts
    )
