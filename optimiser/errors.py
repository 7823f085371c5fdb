"""What can go wrong: three answers to "may the caller try again?"."""

from collections.abc import Iterator
from contextlib import contextmanager


class OptimiserError(Exception):
    """Base of everything that the library raises on purpose."""


class ProblemError(OptimiserError):
    """The problem breaks a rule; the caller can mend it.

    Parameters
    ----------
    field : str
        What breaks the rule, as the caller knows it.
    rule : str
        The rule, and what was got.
    """

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field


class InfeasibleError(OptimiserError):
    """A solver has proved that no plan exists; the soft formulation makes it unreachable."""


class SolverError(OptimiserError):
    """A solver gave no usable answer; another one, or another try, may."""


@contextmanager
def foreign_code() -> Iterator[None]:
    """Take whatever a library raises for a `SolverError`, so that the next way is tried.

    Raises
    ------
    OptimiserError
        Ours as they are; anything else as a `SolverError` that names it.
    """
    try:
        yield
    except OptimiserError:
        raise
    except Exception as error:
        raise SolverError(f"{type(error).__name__}: {error}") from error
