"""One plan of a home, with what it was made from and what it tells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import numpy as np

from optimiser import Plan
from server.books.entries import PriceSpan
from server.controller.watching import from_virtual
from server.home.inputs import InputReader
from server.home.readings import Inputs, LoadRun
from server.home.request import request_from
from server.home.states.socs import ExpectedSocs
from server.http.keys import State
from server.plans.fallback import answer_or_fallback
from server.plans.planning import Answer, Reply, answer_request, reply_from
from server.settings.home import Settings


@dataclass(frozen=True, slots=True)
class Turn:
    """One plan.

    Attributes
    ----------
    settings : Settings
        Of the home.
    inputs : Inputs
        What was read.
    answer : Answer
        Reply of the planner, and the plan.
    reply : OptimizeReply, MultiBatteryReply or EvReply
        The same, decoded.
    is_virtual : bool
        Whether it starts from the virtual states of charge of watch mode.
    """

    settings: Settings
    inputs: Inputs
    answer: Answer
    reply: Reply
    is_virtual: bool = False

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.answer.solved.plan

    def soc_trajectory(self) -> ExpectedSocs:
        """Return the states of charge that the plan leads the batteries to."""
        instants = (*self.plan.timestamps, self.plan.site.horizon.end)
        return ExpectedSocs(instants, self.plan.soc[: len(self.settings.batteries)].tolist())

    def soc_at(self, when: datetime) -> list[float]:
        """Return the state of charge of each battery at an instant of the plan."""
        expected = self.soc_trajectory()
        at = [instant.timestamp() for instant in expected.instants]
        return [float(np.interp(when.timestamp(), at, soc)) for soc in expected.socs]


async def take_turn(
    reader: InputReader,
    settings: Settings,
    state: State,
    history: list[PriceSpan],
    expected: ExpectedSocs | None,
    virtual: Sequence[float] | None = None,
    begun: Sequence[LoadRun | None] = (),
) -> Turn:
    """Read the inputs of a home, and plan.

    Parameters
    ----------
    reader : InputReader
        Of the home.
    settings : Settings
        Of the home.
    state : State
        Worker, options, clock and log of plans, shared with the API.
    history : list of PriceSpan
        Prices of the last weeks.
    expected : ExpectedSocs or None
        States of charge that the commands before should have led to.
    virtual : sequence of float or None
        States of charge of watch mode, to start from in place of the real ones.
    begun : sequence of LoadRun or None
        The last run of each flexible load that has begun.

    Raises
    ------
    InputError, LinkError, OptimiserError, Overloaded, Overdue
        Where there can be no plan.
    """
    inputs = await reader.read(settings, state.clock(), history, expected)
    if begun:
        inputs = replace(inputs, runs=list(begun))
    if virtual is not None:
        inputs = from_virtual(inputs, virtual)
    kind, body = request_from(inputs, settings)
    clock = partial(_same, inputs.at)
    work = partial(answer_request, kind, body, state.options, clock, state.history)
    answer = await answer_or_fallback(state.worker, work)
    state.record(answer)
    return Turn(settings, inputs, answer, reply_from(answer), virtual is not None)


def _same(at: datetime) -> datetime:
    """Return the instant of the readings: the plan begins there."""
    return at
