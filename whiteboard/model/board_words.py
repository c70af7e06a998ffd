"""How a board is called: its title, or when it was begun; when it was written on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from base.text import _, month_name, ngettext


def shown_title(title: str, created: datetime) -> str:
    """Return a board's title, or words for when it was begun.

    Args:
        title: Empty when nobody gave it one.
        created: When it was begun, with zone; shown in this machine's zone.
    """
    if title.strip():
        return title.strip()
    begun = created.astimezone()
    return _("Board of %(day)d %(month)s, %(time)s") % {
        "day": begun.day,
        # Three letters tell months apart; where they have numbers these are no longer.
        "month": month_name(begun.month)[:3],
        "time": f"{begun.hour}:{begun.minute:02}",
    }


def when_text(moment: datetime, today: date) -> str:
    """Return when something was, as short as it can be told from the rest.

    Args:
        moment: With zone; shown in this machine's zone.
        today: The date here and now.
    """
    local = moment.astimezone()
    clock = f"{local.hour}:{local.minute:02}"
    if local.date() == today:
        return _("Today, %(time)s") % {"time": clock}
    if local.date() == today - timedelta(days=1):
        return _("Yesterday, %(time)s") % {"time": clock}
    words = {"day": local.day, "month_name": month_name(local.month), "year": local.year}
    if local.year == today.year:
        return _("%(day)d %(month_name)s") % words
    return _("%(day)d %(month_name)s %(year)d") % words


def pages_text(count: int) -> str:
    """Return how many pages there are."""
    return ngettext("%(count)d page", "%(count)d pages", count) % {"count": count}


def copy_title(title: str) -> str:
    """Return the title of a copy of the board that is shown as `title`."""
    return _("Copy of %(title)s") % {"title": title}


@dataclass(frozen=True, slots=True)
class FileName:
    """The name of what is taken away, without ending: the board's title and the day.

    Attributes:
        title: The title as it is shown; may hold characters that a medium forbids.
        day: The date here and now.
    """

    title: str
    day: date

    @property
    def stem(self) -> str:
        """The name that people should see."""
        return f"{self.title} {self.day:%Y-%m-%d}"

    @property
    def plain_stem(self) -> str:
        """A name that even a stick without Japanese letters takes."""
        return f"board {self.day:%Y-%m-%d}"


def size_text(size_bytes: int) -> str:
    """Return an amount of storage with one unit, `3.2 GB`."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} kB" if size_bytes else "0 kB"
    if size_bytes < 1_000_000_000:
        return f"{round(size_bytes / 1_000_000)} MB"
    return f"{size_bytes / 1_000_000_000:.1f} GB"
