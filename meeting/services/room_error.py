"""What the client of the consultation service raises."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from base.errors import AppError, ErrorCode
from base.wire import Problem, Refusal

_CODES: Final = MappingProxyType(
    {
        Problem.WRONG_KEY: ErrorCode.ROOM_WRONG_KEY,
        Problem.SLOWED: ErrorCode.ROOM_TRY_LATER,
        Problem.LOCKED_OUT: ErrorCode.ROOM_TRY_LATER,
        Problem.TOO_MANY: ErrorCode.ROOM_TRY_LATER,
        Problem.ROOM_OVER: ErrorCode.ROOM_OVER,
        Problem.ROOM_FULL: ErrorCode.ROOM_FULL,
        Problem.ROOM_LOCKED: ErrorCode.ROOM_LOCKED,
        Problem.ROOM_NOT_YET: ErrorCode.ROOM_NOT_YET,
        Problem.NOT_ALLOWED: ErrorCode.ROOM_NOT_ALLOWED,
        Problem.NOT_SIGNED_IN: ErrorCode.ROOMS_NOT_PAIRED,
        Problem.NOT_FOUND: ErrorCode.ROOM_NOTHING_THERE,
        Problem.MALFORMED: ErrorCode.ROOMS_FAULT,
        Problem.TOO_LARGE: ErrorCode.ROOM_FILE_TOO_LARGE,
        Problem.WRONG_TYPE: ErrorCode.ROOM_FILE_REFUSED,
        Problem.NO_ROOM_ON_DISK: ErrorCode.ROOMS_NO_SPACE,
        Problem.FOREIGN_ORIGIN: ErrorCode.ROOMS_FAULT,
        Problem.BROKEN: ErrorCode.ROOMS_FAULT,
    }
)


class RoomError(AppError):
    """Something asked of the consultation service did not happen.

    Args:
        code: What happened, for people.
        detail: For the log.
        problem: The service's own name for it; None when it did not answer.
        retry_s: When it is worth trying again, in seconds; None when nobody said.
        phone: Whom to call when a key does not work; empty when nobody said.
    """

    def __init__(
        self,
        code: ErrorCode,
        detail: str = "",
        *,
        problem: Problem | None = None,
        retry_s: float | None = None,
        phone: str = "",
    ) -> None:
        super().__init__(code, detail)
        self.problem = problem
        self.retry_s = retry_s
        self.phone = phone


def refused(refusal: Refusal, detail: str = "") -> RoomError:
    """Return the error for an answer of the service."""
    return RoomError(
        _CODES[refusal.problem],
        f"{refusal.problem.value} {detail}".rstrip(),
        problem=refusal.problem,
        retry_s=refusal.retry_s,
        phone=refusal.phone,
    )


def unreachable(cause: BaseException) -> RoomError:
    """Return the error for a service that gave no answer."""
    return RoomError(ErrorCode.ROOMS_UNREACHABLE, f"{type(cause).__name__}: {cause}")


def fault(detail: str) -> RoomError:
    """Return the error for an answer that makes no sense."""
    return RoomError(ErrorCode.ROOMS_FAULT, detail)
