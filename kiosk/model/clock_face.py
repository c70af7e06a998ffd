"""The time and the date as the home screen shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from base.text import N_, _, month_name

_WEEKDAYS: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


def time_text(now: datetime) -> str:
    """Return hours and minutes, `9:05`."""
    return f"{now.hour}:{now.minute:02}"


def date_text(now: datetime) -> str:
    """Return the date in the language in use."""
    return _("%(weekday)s, %(day)d %(month_name)s %(year)d") % {
        "weekday": _(_WEEKDAYS[now.weekday()]),
        "day": now.day,
        "month_name": month_name(now.month),
        "year": now.year,
    }


def ms_to_next_minute(now: datetime) -> int:
    """Return the milliseconds until the minute changes, 1 to 60000."""
    past_ms = now.second * 1000 + now.microsecond // 1000
    return 60_000 - past_ms
