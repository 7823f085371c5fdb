"""The home that is planned for by itself: reads, plans, tells, acts and keeps the books."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from optimiser import OptimiserError
from server.books.days import DayBook
from server.controller.beside import beside_powersync
from server.controller.bookkeeper import Bookkeeper
from server.controller.news import INTERVAL, Seen, has_soc_moved, next_plan_at, snapshot
from server.controller.orders import Order, settings_after
from server.controller.runs import LoadRuns
from server.controller.status import (
    BesideOut,
    HomeStatus,
    Setup,
    acting_out,
    write_plan,
    write_settings,
)
from server.controller.turn import Turn, take_turn
from server.finding.found import Found
from server.finding.proposals import find
from server.home.errors import InputError
from server.home.inputs import InputReader
from server.home.powersync import read_view
from server.home.states.socs import ExpectedSocs
from server.home_assistant.link import Link, LinkError
from server.home_assistant.users import administrators
from server.http.keys import State
from server.plans.worker import Overdue, Overloaded
from server.reading.clock import find_zone
from server.settings.checks import check
from server.settings.file import SettingsFile
from server.settings.home import Settings
from server.telling.acting import DURATION, Acted, Actor, may_act
from server.telling.controls import Controls
from server.telling.entities import attributes_from, entities_of, values_from
from server.telling.publish import TOPICS, Publisher
from server.telling.report import Report, report_from, report_without_plan

log = logging.getLogger("server.controller")

_PATIENCE = timedelta(minutes=10)  # a plan so old still tells what to do where reading fails
_GROUP = 0.5  # s; changes of one update come together
_SHORTLY = timedelta(seconds=10)  # after a plan, the next one waits for more changes
_GROUP_LATER = 5.0  # s
_LONGEST_WAIT = 5.0  # s; a clock that is set is noticed so soon
_BOOKS_EVERY = 60.0  # s
_AFTER_FAILURE = 30.0  # s
_FAILED = "Planning failed; the log has the reason."
_STOPPING = 7.0  # s; Supervisor kills after 10


class Controller:
    """One home.

    Parameters
    ----------
    link : Link
        To its Home Assistant; run by the controller.
    folder : Path
        Of settings, books and the memory of commands.
    state : State
        Worker, options, clock and log of plans, shared with the API.
    page : str, optional
        Address of the page, for Home Assistant's device.
    """

    def __init__(self, link: Link, folder: Path, state: State, page: str | None = None) -> None:
        self._link, self._state = link, state
        self._file = SettingsFile(folder)
        self._settings = self._file.load()
        self._found: Found | None = None
        self._reader, self._controls = InputReader(link), Controls()
        self._actor, self._publisher = Actor(link, folder), Publisher(link, page)
        self._bookkeeper, self._runs = Bookkeeper(folder), LoadRuns(folder)
        self._turn: Turn | None = None
        self._report: Report | None = None
        self._seen: Seen = {}
        self._problems: list[str] = []
        self._note = self._now(), ""
        self._unkept: str | None = None
        self._connected_since: datetime | None = None
        self._beside: BesideOut | None = None
        self._began = self._now()
        self._wake = asyncio.Event()
        self._work: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def planning(self) -> AsyncIterator[None]:
        """Plan for the home for as long as the context lasts."""
        task = asyncio.create_task(self.run())
        task.add_done_callback(_log_failure)
        try:
            yield
        finally:
            await self.stop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def run(self) -> None:
        """Plan for the home until cancelled."""
        await self._bookkeeper.open()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run())
            self._work = [
                tasks.create_task(self._plan_on()),
                tasks.create_task(self._keep_books()),
            ]

    async def stop(self) -> None:
        """Return the battery to normal operation, and close the books."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        try:
            async with asyncio.timeout(_STOPPING):
                await self._actor.stop(self._now())
                await self._publisher.withdraw()
        except TimeoutError:
            log.warning("Home Assistant did not answer at the end")
        await self._bookkeeper.close()

    def _now(self) -> datetime:
        return self._state.clock().astimezone(UTC)

    @property
    def _zone(self) -> tzinfo:
        config = self._link.config
        return (config and find_zone(config.time_zone)) or self._state.options.zone or UTC

    async def _plan_on(self) -> None:
        """Plan every five minutes, and whenever there is news."""
        await self._link.wait_connected()
        while True:
            try:
                await self._plan()
                await self._wait()
            except Exception:
                log.exception("planning for the home failed")
                self._problems = [_FAILED]
                await asyncio.sleep(_AFTER_FAILURE)

    async def _wait(self) -> None:
        """Wait for the next five minutes of the clock, or for news before."""
        began = self._began
        until = next_plan_at(began)
        while timedelta() < (left := until - self._now()) <= INTERVAL:  # or a clock put back
            await _any(min(left.total_seconds(), _LONGEST_WAIT), self._link.news, self._wake)
            if self._wake.is_set():
                self._wake.clear()
                return
            if self._link.news.is_set():
                is_later = self._now() - began > _SHORTLY
                await _any(_GROUP if is_later else _GROUP_LATER, self._wake)
                self._link.news.clear()
                if self._has_news():
                    return

    def _has_news(self) -> bool:
        """Return True where anything calls for another plan."""
        has_orders = self._obey_messages()
        is_new = self._link.health.since != self._connected_since
        if self._settings is None or not self._link.is_connected:
            return False
        followed, now = self._link.followed, self._now()
        has_changed = self._seen != snapshot(followed, self._soc_entities())
        is_real = self._settings.mode != "watch"  # where nobody obeys, all move otherwise
        # Without a plan, any news may be what it waits for.
        has_moved = self._turn is None or (is_real and has_soc_moved(self._turn, followed, now))
        return has_orders or is_new or has_changed or has_moved

    def _soc_entities(self) -> list[str]:
        return [battery.soc for battery in self._settings.batteries] if self._settings else []

    def _obey_messages(self) -> bool:
        """Carry out what was asked for by controls; return True where there was anything."""
        is_any = False
        while not self._link.messages.empty() and self._settings is not None:
            message = self._link.messages.get_nowait()
            change = self._controls.change(message, self._settings, self._now(), self._zone)
            if change.is_restart:
                self._publisher.forget()
                self._actor.renew()
            if change.note:
                log.warning("control %s", change.note)
                self._note = self._now(), change.note
            if change.settings is not None:
                self._keep(change.settings)
            is_any |= change.is_replan or change.is_restart or change.is_shown_anew
        return is_any

    def _keep(self, settings: Settings) -> None:
        """Keep changed settings; a folder that cannot be written costs them at a restart."""
        self._settings = settings
        try:
            self._file.save(settings)
        except OSError as error:
            log.error("settings.json cannot be written: %s", error)
            self._unkept = f"The settings cannot be kept: {error.strerror}"
        else:
            self._unkept = None

    async def _plan(self) -> None:
        """Read, plan, tell, act, and write it down."""
        self._began = self._now()
        settings = self._settings
        if settings is None:
            return
        if not self._link.is_connected:
            self._end_old_plan(settings)
            return
        if self._link.health.since != self._connected_since:
            self._connected_since = self._link.health.since
            self._publisher.forget()
            self._actor.renew()
        if not may_act(settings):  # the end of a command waits for no plan
            await self._actor.act(settings, None, self._now(), is_commandable=False)
        report = await self._new_report(settings)
        if report is None or settings is not self._settings:  # others call for another plan
            return
        acted = await self._act(settings, report)
        self._report = report = replace(report, problems=self._problems_beside_telling())
        await self._tell(settings, report)
        self._log_plan(report)
        if self._turn is not None:
            command = report.commands.now if report.commands else None
            await self._bookkeeper.write_turn(self._turn, command, acted)
            self._beside = await self._compare(self._turn)

    def _end_old_plan(self, settings: Settings) -> None:
        """Show no command that has ended, or that another mode ends: nobody can be told."""
        report, now = self._report, self._now()
        if report is None or (now - report.at <= DURATION and report.mode == settings.mode):
            return
        self._problems = [f"Home Assistant does not answer: {self._link.health.last_error}"]
        self._report = self._report_without_plan(settings)

    def _report_without_plan(self, settings: Settings) -> Report:
        self._turn = self._beside = None
        begun = self._runs.last_begun(settings, self._now())
        report = report_without_plan(settings, self._now(), self._problems_beside_telling())
        return replace(
            report, loads=[run if run and run.is_on(report.at) else None for run in begun]
        )

    def _log_plan(self, report: Report) -> None:
        """Write one line per plan, as those of the API have it."""
        order, turn = report.order, self._turn
        fields = turn.answer.log_fields if turn else {}
        told = f"action={order.action} power_w={order.power_w:.0f} " if order else ""
        more = " ".join(f"{name}={value}" for name, value in fields.items())
        log.info("home %s%sproblems=%d", told, f"{more} " if more else "", len(report.problems))

    async def _new_report(self, settings: Settings) -> Report | None:
        """Return the report of a new plan, or of none; None where the one before still tells."""
        try:
            await self._follow(settings)
            history = await self._bookkeeper.price_history(self._now())
            expected = self._socs_to_expect(settings)
            virtual = await self._bookkeeper.virtual_socs(settings, self._now())
            begun = self._runs.last_begun(settings, self._now())
            turn = await take_turn(
                self._reader, settings, self._state, history, expected, virtual, begun
            )
        except InputError as error:
            self._problems = [error.text, *self._reader_problems()]
        except (LinkError, OptimiserError, Overloaded, Overdue) as error:
            self._problems = [f"No plan could be made: {error}"]
            if self._is_in_force(settings):
                return None
        except Exception:
            log.exception("planning for the home failed")
            self._problems = [_FAILED]
        else:
            self._turn, self._problems = turn, self._reader_problems()
            return self._report_of(turn)
        log.warning("%s", self._problems[0])
        return self._report_without_plan(settings)

    def _report_of(self, turn: Turn) -> Report:
        """Return the report of a plan, whose runs of loads are kept."""
        settings = turn.settings
        report = report_from(turn.reply, turn.inputs, settings, self._now())
        if settings is not self._settings:  # nobody is told
            return report
        return replace(report, loads=self._runs.tell(settings, report.loads, report.at))

    def _is_in_force(self, settings: Settings) -> bool:
        """Return whether the plan before still tells what to do."""
        turn = self._turn
        if turn is None or turn.settings != settings:
            return False
        return timedelta() <= self._now() - turn.inputs.at < _PATIENCE

    async def _compare(self, turn: Turn) -> BesideOut | None:
        """Return PowerSync's plan beside ours, where it has one."""
        try:
            view = self._reader.view or await read_view(self._link)
        except LinkError:
            return None
        return beside_powersync(turn, view) if view else None

    async def _follow(self, settings: Settings) -> None:
        """Follow the entities of the settings, and note what they say."""
        await self._link.listen(TOPICS)
        await self._link.follow(await self._reader.entities(settings, self._now()))
        self._seen = snapshot(self._link.followed, self._soc_entities())

    def _socs_to_expect(self, settings: Settings) -> ExpectedSocs | None:
        """Return where the commands given lead; without any, nothing is expected to move."""
        turn = self._turn
        if turn is None or turn.settings.batteries != settings.batteries or not may_act(settings):
            return None
        return turn.soc_trajectory()

    def _reader_problems(self) -> list[str]:
        return [
            f"{health.label}: {health.text}"
            for health in self._reader.health
            if health.state in {"missing", "old"} and health.text
        ]

    def _all_problems(self) -> list[str]:
        """Return all that the owner should know, once each."""
        telling = [self._publisher.error] if self._publisher.error else []
        return list(dict.fromkeys([*self._problems_beside_telling(), *telling]))

    def _problems_beside_telling(self) -> list[str]:
        """Return all that Home Assistant can be told: where it is, telling is no problem."""
        acted, (noted_at, note) = self._actor.last, self._note
        is_new = timedelta() <= self._now() - noted_at < _PATIENCE
        others = [
            acted.error if acted else None,
            self._bookkeeper.problem,
            self._runs.problem,
            self._unkept,
            note if is_new else None,
        ]
        return list(dict.fromkeys([*self._problems, *(text for text in others if text)]))

    async def _tell(self, settings: Settings, report: Report) -> None:
        """Show the report in Home Assistant, where the owner lets us."""
        if not settings.may_publish or settings is not self._settings:
            return
        now = self._now()
        controls = self._controls.values(settings, now, self._zone)
        await self._publisher.publish(
            entities_of(settings, self._currency(settings)),
            {**values_from(report), **controls},
            attributes_from(report),
            now,
        )

    def _currency(self, settings: Settings) -> str:
        config = self._link.config
        return settings.currency or (config.currency if config else "EUR")

    async def _act(self, settings: Settings, report: Report) -> Acted | None:
        """Give the command of the report, where the owner lets us."""
        command = report.commands.now if report.commands else None
        turn = self._turn
        is_commandable = turn is not None and turn.inputs.is_commandable
        return await self._actor.act(settings, command, self._now(), is_commandable=is_commandable)

    async def _keep_books(self) -> None:
        """Write the energies of the recorder down, as they come."""
        while True:
            await asyncio.sleep(_BOOKS_EVERY)
            if self._settings is None or not self._link.is_connected:
                continue
            try:
                await self._bookkeeper.write_readings(self._link, self._settings, self._now())
            except Exception:
                log.exception("keeping the books failed")

    def status(self) -> HomeStatus:
        """Return the state of the home."""
        status = HomeStatus(link=self._link.health, problems=self._all_problems())
        config, settings = self._link.config, self._settings
        status.timezone = config.time_zone if config else None
        status.sources = self._reader.health
        if settings is not None:
            write_settings(status, settings, config, self._now())
            if self._report is not None:
                write_plan(status, self._report, settings, self._turn)
                status.powersync = self._beside
            status.acting = acting_out(settings, self._actor.last)
            if settings.may_publish and self._link.is_connected:
                status.told = "mqtt" if self._publisher.has_controls else "states"
        return status

    async def administrators(self) -> frozenset[str] | None:
        """Return the ids of Home Assistant's administrators; see `administrators`."""
        return await administrators(self._link)

    def setup(self) -> Setup:
        """Return settings and proposals."""
        return Setup(settings=self._settings, found=self._found, problem=self._file.problem)

    async def find(self) -> Found:
        """Look for sources; raises `LinkError` where Home Assistant does not answer."""
        self._found = await find(self._link, self._now())
        return self._found

    async def confirm(self, settings: Settings) -> None:
        """Take settings, and plan with them; raises `SettingsError` or `OSError`."""
        check(settings)
        was_published = self._settings is not None and self._settings.may_publish
        self._file.save(settings)
        self._settings, self._unkept = settings, None
        if was_published and not settings.may_publish:
            await self._publisher.remove(entities_of(settings, self._currency(settings)))
        self._wake.set()

    async def obey(self, order: Order) -> None:
        """Carry out an order; raises `SettingsError`."""
        if self._settings is None:
            return
        settings = settings_after(order, self._settings, self._now())
        if settings != self._settings:
            self._keep(settings)
        self._wake.set()

    async def days(self, first: date, last: date) -> Sequence[DayBook]:
        """Return the books of local days; raises `BooksError`."""
        return await self._bookkeeper.days(first, last, self._zone, self._settings)

    def csv(self, first: date, last: date) -> AsyncIterator[str]:
        """Yield the books of local days as CSV; raises `BooksError`."""
        return self._bookkeeper.csv(first, last, self._zone)

    async def delete_books(self) -> None:
        """Delete the books; raises `BooksError`."""
        await self._bookkeeper.delete()


async def _any(timeout: float, *events: asyncio.Event) -> None:
    """Wait until any of the events is set, or for a time [s]."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()


def _log_failure(task: asyncio.Task[None]) -> None:
    """Say that the controller has ended, which it does not by itself."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("planning for the home has ended", exc_info=error)
