"""The answer of the worker, or of the fallback."""

import logging
from collections.abc import Callable
from functools import partial

from optimiser import OptimiserError
from server.plans.planning import Answer
from server.plans.worker import Overdue, Overloaded, Worker

log = logging.getLogger("server.plans")


async def answer_or_fallback(worker: Worker, work: Callable[..., Answer]) -> Answer:
    """Return the answer of the worker; where a solver hangs or our code fails, the fallback's.

    The fallback uses neither solvers nor preferences: the caller gets a plan, the log the error.
    """
    try:
        return await worker.run(work)
    except (OptimiserError, Overloaded):
        raise
    except Overdue:
        pass  # the worker has written it to the log
    except Exception:
        log.exception("planning failed; the fallback plans")
    return await worker.run(partial(work, is_fallback=True))
