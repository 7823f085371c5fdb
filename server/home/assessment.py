"""Rows of a plan out of what was read, each with the health of its sources."""

from collections.abc import Mapping, Sequence

from server.books.entries import PriceSpan
from server.home.errors import InputError
from server.home.history.load import load_rows, missing_meters
from server.home.history.peaks import is_hourly
from server.home.history.reading import History, charges_of, load_excess
from server.home.history.sun import end_of, reaches_tomorrow, with_mean_sun
from server.home.prices import export_rows, import_rows
from server.home.readings import PriceRows, SourceHealth
from server.home.states.forecasts import SolarForecast
from server.home.states.look import Look
from server.home.states.published import Published, Way
from server.home_assistant.statistics import Change
from server.settings.home import Settings
from server.sources.rows import Row, Rows, value_at

_WATTS = 1000.0  # per kW


def prices_of(
    look: Look, settings: Settings, way: Way, published: Published, history: Sequence[PriceSpan]
) -> tuple[PriceRows | InputError, list[SourceHealth]]:
    """Return the prices of one direction, or what is wrong with them.

    History with the formula; what was guessed then is no sign of anything.
    """
    price = settings.import_price if way == "import" else settings.export_price
    spans = [
        (span, span.import_price if way == "import" else span.export_price)
        for span in history
        if span.is_published
    ]
    before = [Row(span.start, span.end, value) for span, value in spans if value is not None]
    health = SourceHealth(
        field=f"{way}_price", label=f"{way.capitalize()} price", value="", at=published.at
    )
    found, now, end, zone = published.rows, look.now, look.end, look.zone
    try:
        if way == "import":
            rows = import_rows(settings.import_price, found, now, end, zone, before)
        else:
            rows = export_rows(settings.export_price, found, now, end, zone, before)
    except InputError as error:
        health.state = "missing"
        health.text = f"{error.text} {published.fault}".strip()
        return InputError(error.field, health.text), [health] if price else []
    return rows, [_price_health(look, health, published, rows)] if price else []


def _price_health(
    look: Look, health: SourceHealth, published: Published, rows: PriceRows
) -> SourceHealth:
    present = value_at(rows.all_rows(), look.now)
    is_guess = value_at(rows.rows, look.now) is None
    health.value = "" if present is None else f"{present:.4g} {look.currency}/kWh"
    health.state = "assumed" if is_guess else "old" if published.is_kept else "good"
    sentences = [published.fault, *map(_sentence, published.notes), *rows.notes]
    health.text = " ".join(filter(None, sentences))
    return health


def _sentence(note: str) -> str:
    """Return a note as a sentence."""
    return f"{note[:1].upper()}{note[1:]}".rstrip(".") + "."


def load_of_home(
    look: Look, settings: Settings, history: History, recent: Mapping[str, Sequence[Change]]
) -> tuple[Rows, SourceHealth]:
    """Return the load to expect, and its health; no rows where a typical home is assumed."""
    health = SourceHealth(field="home_energy", label="Load", value="", at=look.now)
    if settings.use_powersync and look.view:
        rows = look.view.powers("load", look.zone)
        if rows and value_at(rows, look.now) is not None:
            health.at = look.view.instant(look.zone)
            return rows, _with_power(health, rows, look)
    health.text = " ".join(history.faults + history.notes)
    if history.week is None:
        health.state, health.at = "assumed", None
        health.text = f"{health.text or _without(settings)} The load of a typical home is assumed."
        return [], health
    if history.faults:
        health.state = "assumed"
    excess = load_excess(look, history, recent)
    rows = load_rows(history.week, excess, look.now, look.end, look.zone)
    return rows, _with_power(health, rows, look)


def _without(settings: Settings) -> str:
    """Return why no meters give the load."""
    missing = [] if settings.home_energy else missing_meters(settings)
    if missing:
        return f"The house has no meter, and there is none of the energy of {', '.join(missing)}."
    return "The statistics cannot be read."


def _with_power(health: SourceHealth, rows: Rows, look: Look) -> SourceHealth:
    present = value_at(rows, look.now)
    health.value = "" if present is None else f"{present / _WATTS:.2f} kW"
    return health


def solar_of_home(
    look: Look, settings: Settings, history: History, forecast: SolarForecast
) -> tuple[Rows | InputError, list[SourceHealth]]:
    """Return the solar power to expect, or what is wrong with it, and its health.

    No rows and no health where the home has no solar.
    """
    if not (settings.solar.energy or settings.solar.forecasts):
        return [], []
    field = "solar.forecasts" if settings.solar.forecasts else "solar.energy"
    health = SourceHealth(field=field, label="Solar", value="", at=forecast.at)
    use = forecast.rows if forecast.is_whole or history.sun is None else []
    rows = with_mean_sun(use, history.sun, look.now, look.end, look.zone)
    if not rows:
        health.state = "missing"
        health.text = " ".join(
            [*forecast.faults, "Neither a solar forecast nor the sun of the last days is known."]
        )
        return InputError(field, health.text), [health]
    until = end_of(use) if use else look.now
    assumed = "the mean sun of the last 14 days" if history.sun is not None else "the last day's"
    texts = [*forecast.faults, *map(_sentence, forecast.notes)]
    if until <= look.now:
        health.state, health.at = "assumed", None
        texts.append(f"{_sentence(assumed)[:-1]} is assumed.")
    elif until < look.end:
        texts.append(f"The solar forecast ends {look.clock(until)}; {assumed} is assumed after it.")
    if until > look.now and not (forecast.is_whole and reaches_tomorrow(use, look.now, look.zone)):
        health.state = "old"
    health.text = " ".join(texts)
    return rows, [_with_power(health, rows, look)]


def peaks_health(
    look: Look, settings: Settings, peaks: Sequence[float | None]
) -> list[SourceHealth]:
    """Return the health of the peaks so far of demand charges."""
    found = []
    known = [*peaks, *[None] * len(settings.demand_charges)]
    for i, (charge, peak) in enumerate(zip(charges_of(settings), known, strict=False)):
        health = SourceHealth(
            field=f"demand_charges[{i}].peak_so_far_kw",
            label="Peak so far",
            value="" if peak is None else f"{peak:.2f} kW",
            at=look.now,
        )
        if charge is None or peak is None:
            health.state, health.at = "missing", None
            health.text = "No meter of the grid says the peak so far; that of the settings is used."
        elif is_hourly(charge, look.now, look.zone):
            health.state = "assumed"
            health.text = (
                "Before the last 10 days only means of hours are known: the peak may be higher."
            )
        found.append(health)
    return found


def allowances_health(
    look: Look, settings: Settings, used: Sequence[float | None]
) -> list[SourceHealth]:
    """Return the health of what allowances have been used of today."""
    return [
        SourceHealth(
            field=f"allowances[{i}].used_today_kwh",
            label="Allowance used today",
            value="" if energy is None else f"{energy:.1f} kWh",
            at=None if energy is None else look.now,
            state="missing" if energy is None else "good",
            text="" if energy is not None else "No meter says it; nothing is assumed to be used.",
        )
        for i, (energy, _) in enumerate(zip(used, settings.allowances, strict=False))
    ]
