"""The mails that sum up: a person's day, the company's week. Trips by number, never by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from users.mails import times
from users.mails.letters import Block, Button, Figures, Letter, Listing, Picture, Tone, Words
from users.mails.people import Reader
from users.mails.pictures import week_chart
from users.mails.terms import mobility_of, status_of

CHART = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One trip of a day; the ids of trips name them."""

    trip_id: int
    at: datetime
    mobility: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a person has to know of a day. `trips` may hold fewer than `total`."""

    day: date
    total: int
    trips: Sequence[Line]
    late: Sequence[Line] = ()
    unassigned: Sequence[Line] = ()
    #: Of a dispatcher: the whole company's. Else the person's own.
    dispatching: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The company's week: a (trips, completed) for each of its days, and counts of endings."""

    monday: date
    days: Sequence[tuple[date, int, int]]
    total: int
    completed: int
    pickups_due: int
    pickups_late: int
    endings: Sequence[tuple[str, int]]


def day_letter(day: Day, reader: Reader) -> Letter:
    """The morning's digest."""
    said = times.day(day.day, reader.zone)
    blocks = _dispatchers(day, reader) if day.dispatching else _drivers(day, reader)
    return Letter(
        subject=_("Your day at {company}").format(company=reader.company.name),
        heading=capfirst(said),
        preview=_trips(day.total),
        tone=Tone.CHANGE if day.late or (day.dispatching and day.unassigned) else Tone.PLAIN,
        blocks=tuple(blocks),
    )


def _dispatchers(day: Day, reader: Reader) -> list[Block]:
    blocks: list[Block] = [
        Figures(
            (
                (str(day.total), _("Trips today")),
                (str(len(day.unassigned)), _("Without a driver")),
                (str(len(day.late)), _("Late now")),
            )
        )
    ]
    blocks += _listing(_("Late now"), day.late, reader)
    blocks += _listing(_("Without a driver"), day.unassigned, reader)
    blocks.append(Button(_("Open the board"), f"{settings.BASE_URL}/dispatch/"))
    return blocks + _listing(_("All trips"), day.trips, reader) + _rest(day)


def _drivers(day: Day, reader: Reader) -> list[Block]:
    if not day.trips:
        return [Words(_("You have no trips today so far."))]
    first = times.clock(day.trips[0].at, reader.zone)
    told = ngettext(
        "At {first} you have your only trip of today.",
        "At {first} you have the first of your {count} trips of today.",
        day.total,
    )
    words = Words(told.format(count=day.total, first=first))
    closing = Words(_("Who rides, and from where to where, is in your app."))
    return [words, *_listing("", day.trips, reader), *_rest(day), closing]


def _listing(title: str, trips: Sequence[Line], reader: Reader) -> list[Block]:
    rows = tuple(
        (
            times.clock(line.at, reader.zone),
            f"{line.trip_id} · {mobility_of(line.mobility)}",
            status_of(line.status),
        )
        for line in trips
    )
    return [Listing(title, rows)] if rows else []


def _rest(day: Day) -> list[Block]:
    left = day.total - len(day.trips)
    return [Words(_("And {count} more.").format(count=left))] if left > 0 else []


def _trips(count: int) -> str:
    return ngettext("{count} trip", "{count} trips", count).format(count=count)


def week_letter(week: Week, reader: Reader) -> Letter:
    """Monday's report of the week before."""
    in_time = week.pickups_due - week.pickups_late
    share = f"{100 * in_time // week.pickups_due}%" if week.pickups_due else "–"
    began = times.full_day(week.monday)
    return Letter(
        subject=_("Your week at {company}").format(company=reader.company.name),
        heading=_("The week of {day}").format(day=began),
        preview=_trips(week.total),
        blocks=(
            Figures(
                (
                    (str(week.total), _("Trips")),
                    (str(week.completed), _("Completed")),
                    (share, _("Picked up on time")),
                )
            ),
            *_chart(week),
            Listing(_("How the trips ended"), tuple(_ending(*pair) for pair in week.endings)),
        ),
    )


def _chart(week: Week) -> list[Block]:
    if not week.total:
        return [Words(_("There were no trips."))]
    columns = [(times.weekday(day), done, trips - done) for day, trips, done in week.days]
    said = [
        _("{day}: {trips}, {done} completed").format(
            day=times.weekday(day), trips=_trips(trips), done=done
        )
        for day, trips, done in week.days
    ]
    png = week_chart(columns, (_("Completed"), _("Ended otherwise, or open")))
    return [Picture(CHART, png, "; ".join(said) + ".")]


def _ending(name: str, count: int) -> tuple[str, str, str]:
    words = {
        "completed": _("Completed"),
        "cancelled": _("Cancelled"),
        "no_shows": _("No-shows"),
        "missed": _("Missed by us"),
        "rejected": _("Rejected"),
        "open": _("Still open"),
    }
    return (str(count), words.get(name, name), "")
