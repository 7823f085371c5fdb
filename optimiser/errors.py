"""Errors that the library raises on purpose."""

from contextlib import ContextDecorator


class OptimiserError(Exception):
    """Base of everything that the library raises on purpose."""


class ProblemError(OptimiserError):
    """The problem breaks a rule; the caller can mend it.

    Parameters
    ----------
    field : str
        Name of what breaks the rule, as the caller knows it.
    rule : str
        The rule, and what was got.
    """

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field, self.rule = field, rule


class InfeasibleError(OptimiserError):
    """A solver has proved that no point satisfies every bound, as branches of a search may have."""


class SolverError(OptimiserError):
    """A solver gave no usable answer; another one, or another try, may."""


class as_solver_error(ContextDecorator):
    """Raise whatever a library raises as a `SolverError`, so that the next solver is tried.

    It stands around calls into libraries only: an error of our own code must surface.

    Raises
    ------
    OptimiserError
        Ours as they are; anything else as a `SolverError` that names it.
    """

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        """Raise what a library raised as ours."""
        if isinstance(error, Exception) and not isinstance(error, OptimiserError):
            raise SolverError(f"{type(error).__name__}: {error}") from error
