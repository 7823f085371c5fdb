"""Solar forecasts: the Energy dashboard's, entities', PowerSync's."""

from itertools import groupby

import msgspec

from server.finding import words
from server.finding.found import Alternative
from server.finding.snapshot.chains import Chain, chains_of
from server.finding.snapshot.reading import Snapshot
from server.finding.texts import number_text, sentence, until_text
from server.settings.home import DashboardForecast, EntityForecast, Forecast, PowerSyncForecast

_KW = 1e-3  # a W


def rank_forecasts(snapshot: Snapshot) -> list[Alternative]:
    """Return all forecasts of solar power, the best first; each covers all panels."""
    return _of_dashboard(snapshot) + _of_entities(snapshot) + _of_powersync(snapshot)


def _of_dashboard(snapshot: Snapshot) -> list[Alternative]:
    """The forecast that the owner chose; its entries may change without new settings."""
    outlooks = [found for found in snapshot.forecasts.values() if found.end > snapshot.now]
    if not outlooks:
        return []
    powers = [found.value for found in outlooks if found.value is not None]
    titles = {entry.entry_id: entry.title or entry.domain for entry in snapshot.entries}
    names = ", ".join(titles.get(entry, entry) for entry in snapshot.forecasts)
    end = max(found.end for found in outlooks)
    return [
        Alternative(
            label=f"Energy dashboard ({names})",
            value=number_text(sum(powers) * _KW),
            unit="kW",
            why=sentence(
                "your Energy dashboard uses it", f"reaches {until_text(end, snapshot.now)}"
            ),
            choice=_choice(DashboardForecast()),
        )
    ]


def _of_entities(snapshot: Snapshot) -> list[Alternative]:
    """Forecasts of one integration add up: it has one device for each array."""
    chains = [
        chain
        for chain in chains_of(snapshot.entities.values(), "power", snapshot.now)
        if _is_solar(chain)
    ]
    chains.sort(key=_integration)
    groups = [list(group) for _, group in groupby(chains, _integration)]
    groups.sort(key=lambda group: max(chain.end for chain in group), reverse=True)
    return [_of_arrays(_arrays(group), snapshot) for group in groups]


def _is_solar(chain: Chain) -> bool:
    """Return True for what names or the time of day show to be of panels."""
    if chain.first.says(words.NO_SOLAR):
        return False
    outlooks = [entity.outlook for entity in chain.entities if entity.outlook]
    return chain.first.says(words.SOLAR) or any(outlook.is_sunny for outlook in outlooks)


def _integration(chain: Chain) -> tuple[str, str]:
    """Return what one integration has in common; entities of the owner's own have nothing."""
    platform = chain.first.platform
    return platform, chain.first.entity_id if platform in words.GENERIC else ""


def _arrays(chains: list[Chain]) -> list[Chain]:
    """Return the longest chain of each device: others of it say the same in other rows."""
    longest: dict[str | None, Chain] = {}
    for chain in chains:
        device = chain.first.device or chain.first.config_entry
        if device not in longest or chain.end > longest[device].end:
            longest[device] = chain
    return list(longest.values())


def _of_arrays(chains: list[Chain], snapshot: Snapshot) -> Alternative:
    powers = [chain.value for chain in chains if chain.value is not None]
    end = max(chain.end for chain in chains)
    several = f"the forecasts of {len(chains)} devices add up" if len(chains) > 1 else None
    return Alternative(
        label=", ".join(chain.first.name for chain in chains),
        value=number_text(sum(powers) * _KW),
        unit="kW",
        age_s=chains[0].first.age(snapshot.now),
        why=sentence(
            f"publishes a forecast {until_text(end, snapshot.now)} ({chains[0].shape})", several
        ),
        choice=_choice(*(EntityForecast(entities=chain.ids) for chain in chains)),
    )


def _of_powersync(snapshot: Snapshot) -> list[Alternative]:
    if snapshot.powersync is None or not snapshot.powersync.has_solar:
        return []
    return [
        Alternative(
            label="PowerSync",
            why="PowerSync's view holds its solar forecast.",
            choice=_choice(PowerSyncForecast()),
        )
    ]


def _choice(*forecasts: Forecast) -> object:
    return msgspec.to_builtins(list(forecasts))
