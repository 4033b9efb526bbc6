"""On which days a standing order holds, at which moments, and how that reads aloud (pure).

Days are the company's calendar days, times its wall clock. A time that a change of clocks
leaves out is as much later as the clock is put forward; one that happens twice is the first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from dateutil.rrule import rrulestr

#: The most that INTERVAL may be. Twelve months would let "day 31, from February" never come.
_MOST_INTERVAL = {"DAILY": 31, "WEEKLY": 26, "MONTHLY": 11}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY = re.compile(r"(?P<nth>[+-]?[1-5])?(?P<day>MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"-?[1-9]\d?")


class InvalidRule(ValueError):
    """The text is no rule that a standing order may have; the message says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence: every `interval` days, weeks or months, on `days` or `month_days`.

    `days` are (weekday from Monday = 0, which one of the month or 0), `position` is the first
    (1) or last (-1) of a month's days, or 0 for all.
    """

    frequency: str
    interval: int = 1
    days: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    position: int = 0
    week_start: str = "MO"

    def __str__(self) -> str:
        """As RFC 5545 writes it, in one order of its parts."""
        parts = [f"FREQ={self.frequency}", f"INTERVAL={self.interval}"]
        if self.days:
            parts.append("BYDAY=" + ",".join(f"{nth or ''}{_DAYS[day]}" for day, nth in self.days))
        if self.month_days:
            parts.append("BYMONTHDAY=" + ",".join(map(str, self.month_days)))
        if self.position:
            parts.append(f"BYSETPOS={self.position}")
        return ";".join([*parts, f"WKST={self.week_start}"])


@dataclass(frozen=True, slots=True)
class Pause:
    """Both days are included; `last_day` None: until further notice."""

    first_day: date
    last_day: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the order does not hold on `day`."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All of a standing order that decides when it is driven; `return_kind` as in the model."""

    rule: str
    anchor_day: date
    first_day: date
    last_day: date | None
    pickup_time: time
    appointment_time: time | None = None
    return_kind: str = "none"
    return_time: time | None = None
    skipped: frozenset[date] = frozenset()
    pauses: tuple[Pause, ...] = ()
    holidays: frozenset[date] = frozenset()

    @property
    def next_morning(self) -> bool:
        """Whether the way back is on the day after."""
        return self.return_time is not None and self.return_time < self.pickup_time


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One day of an order, in UTC; `return_at` is None without a timed return."""

    day: date
    pickup_at: datetime
    appointment_at: datetime | None
    return_at: datetime | None


def parse_rule(text: str) -> Rule:
    """The rule that `text` (an RFC 5545 RRULE) says; InvalidRule where we do not take it.

    What we take occurs within a few years, whatever day it starts on: a rule that never
    comes would be looked for until the end of the calendar.
    """
    parts = _parts(text)
    frequency = parts.pop("FREQ", "")
    if frequency not in _MOST_INTERVAL:
        raise InvalidRule("FREQ is DAILY, WEEKLY or MONTHLY.")
    rule = Rule(
        frequency,
        _interval(parts.pop("INTERVAL", "1"), _MOST_INTERVAL[frequency]),
        _days(parts.pop("BYDAY", "")),
        _month_days(parts.pop("BYMONTHDAY", "")),
        _position(parts.pop("BYSETPOS", "0")),
        parts.pop("WKST", "MO"),
    )
    if parts.keys() & {"UNTIL", "COUNT"}:
        raise InvalidRule("An order ends by its `last_day`, not by UNTIL or COUNT.")
    if parts:
        raise InvalidRule(f"{sorted(parts)[0]} is not supported.")
    _check(rule)
    return rule


def _parts(text: str) -> dict[str, str]:
    pairs = [part.split("=") for part in text.strip().upper().removeprefix("RRULE:").split(";")]
    if any(len(pair) != 2 or not pair[1] for pair in pairs):
        raise InvalidRule("A rule reads like FREQ=WEEKLY;BYDAY=MO,WE,FR.")
    if len(pairs) != len(dict(pairs)):
        raise InvalidRule("Each part of a rule is said once.")
    return dict(pairs)


def _interval(text: str, most: int) -> int:
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= most:
        raise InvalidRule(f"INTERVAL is 1 to {most} here.")
    return int(text)


def _days(text: str) -> tuple[tuple[int, int], ...]:
    found = [_BY_DAY.fullmatch(part) for part in text.split(",")] if text else []
    if not all(found):
        raise InvalidRule("BYDAY lists days such as MO,WE or 2TU.")
    days = {(_DAYS.index(match["day"]), int(match["nth"] or 0)) for match in found if match}
    return tuple(sorted(days))


def _month_days(text: str) -> tuple[int, ...]:
    parts = text.split(",") if text else []
    if not all(_NUMBER.fullmatch(part) and -31 <= int(part) <= 31 for part in parts):
        raise InvalidRule("BYMONTHDAY lists days from 1 to 31, or -1 for the last.")
    return tuple(sorted({int(part) for part in parts}, key=lambda day: (day < 0, day)))


def _position(text: str) -> int:
    if text not in ("0", "1", "-1"):
        raise InvalidRule("BYSETPOS is 1 (the first) or -1 (the last).")
    return int(text)


def _check(rule: Rule) -> None:
    monthly = rule.frequency == "MONTHLY"
    if rule.week_start not in _DAYS:
        raise InvalidRule("WKST is a day such as MO.")
    if not monthly and (rule.month_days or any(nth for _, nth in rule.days)):
        raise InvalidRule("Only MONTHLY knows days of the month and numbered weekdays.")
    if rule.month_days and rule.days:
        raise InvalidRule("Either BYDAY or BYMONTHDAY.")
    if rule.frequency == "DAILY" and rule.days and rule.interval > 1:
        raise InvalidRule("Certain days of the week are WEEKLY.")
    if rule.position and not (monthly and (rule.days or rule.month_days)):
        raise InvalidRule("BYSETPOS picks one of a MONTHLY rule's BYDAY or BYMONTHDAY.")


def rule_days(rule: str, anchor_day: date, first: date, last: date) -> list[date]:
    """The rule's days from `first` to `last`, both included, counted from `anchor_day`."""
    if last < first:
        return []
    recurrence = rrulestr(rule, dtstart=datetime.combine(anchor_day, time()))
    begin, end = datetime.combine(first, time()), datetime.combine(last, time())
    return [moment.date() for moment in recurrence.between(begin, end, inc=True)]


def held_back(plan: Plan, day: date) -> str:
    """Why the order does not hold on this day of its rule; empty where it does."""
    if day in plan.skipped:
        return "skipped"
    if any(pause.covers(day) for pause in plan.pauses):
        return "paused"
    return "holiday" if day in plan.holidays else ""


def days_of(plan: Plan, first: date, last: date) -> list[date]:
    """The days of the rule within the order's own, held back or not."""
    first = max(first, plan.first_day)
    last = last if plan.last_day is None else min(last, plan.last_day)
    return rule_days(plan.rule, plan.anchor_day, first, last)


def occurrences(plan: Plan, zone: tzinfo, first: date, last: date) -> Iterator[Occurrence]:
    """What is driven from `first` to `last`, both included."""
    for day in days_of(plan, first, last):
        if not held_back(plan, day):
            yield occurrence(plan, zone, day)


def occurrence(plan: Plan, zone: tzinfo, day: date) -> Occurrence:
    """One day's moments; nobody is taken back before they were fetched."""
    pickup_at = moment_of(day, plan.pickup_time, zone)
    appointment_at = plan.appointment_time and moment_of(day, plan.appointment_time, zone)
    return_at = None
    if plan.return_time is not None:
        back = day + timedelta(days=1) if plan.next_morning else day
        return_at = max(pickup_at, moment_of(back, plan.return_time, zone))
    return Occurrence(day, pickup_at, appointment_at or None, return_at)


def moment_of(day: date, wall: time, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which clocks in `zone` show `wall` on `day`."""
    # fold=0 reads a time in the gap by the clock before it, and takes the first of two.
    return datetime.combine(day, wall.replace(fold=0), zone).astimezone(UTC)


# --- in words

_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month"}


def describe(plan: Plan) -> str:
    """The order read aloud: `every Mon, Wed, Fri at 08:00, back by will-call`."""
    text = f"{describe_days(plan)} at {plan.pickup_time:%H:%M}"
    if plan.appointment_time is not None:
        text += f" for {plan.appointment_time:%H:%M}"
    if plan.return_kind == "will_call":
        text += ", back by will-call"
    elif plan.return_time is not None:
        text += f", back at {plan.return_time:%H:%M}"
        text += " the next day" if plan.next_morning else ""
    return text


def describe_days(plan: Plan) -> str:
    """Its days read aloud: `every Mon, Wed, Fri`."""
    rule, anchor_day = parse_rule(plan.rule), plan.anchor_day
    unit = _UNITS[rule.frequency]
    every = f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"
    if rule.frequency == "MONTHLY":
        return f"{every} on {_month_words(rule, anchor_day)}"
    days = rule.days or (((anchor_day.weekday(), 0),) if rule.frequency == "WEEKLY" else ())
    names = ", ".join(_NAMES[day] for day, _ in days)
    if not names:
        return every
    return f"every {names}" if rule.interval == 1 else f"{every} on {names}"


def _month_words(rule: Rule, anchor_day: date) -> str:
    if rule.days:
        words = [f"the {_nth(nth)} {_NAMES[day]}" if nth else _NAMES[day] for day, nth in rule.days]
    else:
        words = [_day_words(day) for day in rule.month_days or (anchor_day.day,)]
    listed = ", ".join(words)
    return f"the {_nth(rule.position)} of {listed}" if rule.position else listed


def _day_words(day: int) -> str:
    return f"day {day}" if day > 0 else f"the {_nth(day)} day"


def _nth(number: int) -> str:
    if number < 0:
        return "last" if number == -1 else f"{_nth(-number)} last"
    teen = 10 < number < 14
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
