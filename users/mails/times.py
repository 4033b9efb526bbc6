"""Moments in the words of the active language, in a reader's own zone."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.translation import pgettext


def day(moment: datetime | date, zone: ZoneInfo) -> str:
    """Friday, November 20."""
    local = moment.astimezone(zone) if isinstance(moment, datetime) else moment
    return date_format(local, pgettext("day without year", "l, F j"), use_l10n=False)


def full_day(day: date) -> str:
    """November 20, 2026."""
    return date_format(day, pgettext("day with year", "F j, Y"), use_l10n=False)


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """2:30 p.m., or 14:30 where the language reads so."""
    return wall_clock(moment.astimezone(zone).time())


def wall_clock(value: time) -> str:
    """The same, of a time without a day."""
    return time_format(value, pgettext("time of day", "g:i a"), use_l10n=False)


def month(day: date) -> str:
    """October 2026."""
    return date_format(day, pgettext("month", "F Y"), use_l10n=False)


def weekday(day: date) -> str:
    """Mon."""
    return date_format(day, "D", use_l10n=False)


def weekday_name(number: int) -> str:
    """Monday, of 0."""
    return str(WEEKDAYS[number])
