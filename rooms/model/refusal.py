"""The one error that a caller of the service is told."""

from __future__ import annotations

from base.wire import Problem


class Refused(Exception):  # noqa: N818  (it is an answer, not a fault)
    """What was asked for does not happen.

    Args:
        problem: Why, for the caller.
        retry_s: When it is worth trying again; None for never.
        detail: For the log, never for the caller.
    """

    def __init__(
        self, problem: Problem, *, retry_s: float | None = None, detail: str = ""
    ) -> None:
        super().__init__(f"{problem.value}: {detail}" if detail else problem.value)
        self.problem = problem
        self.retry_s = retry_s
        self.detail = detail
