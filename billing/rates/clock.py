"""Which hours cost more (pure)."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from billing.rates.cards import Window

_WEEKEND = frozenset({5, 6})


def matching(
    agreed_at: datetime, windows: Iterable[Window], holidays: Collection[date]
) -> list[Window]:
    """The windows that hold this moment, which is by the company's clock.

    What the clock shows counts: an hour that it shows twice lies in a window twice.
    """
    return [window for window in windows if _holds(window, agreed_at, holidays)]


def _holds(window: Window, agreed_at: datetime, holidays: Collection[date]) -> bool:
    today, clock = agreed_at.date(), agreed_at.time().replace(tzinfo=None)
    if window.begins < window.ends:
        return _on(window, today, holidays) and window.begins <= clock < window.ends
    since_today = _on(window, today, holidays) and clock >= window.begins
    yesterday = today - timedelta(days=1)
    return since_today or (_on(window, yesterday, holidays) and clock < window.ends)


def _on(window: Window, day: date, holidays: Collection[date]) -> bool:
    return day.weekday() in window.days or (window.holidays and day in holidays)


def is_for_days_off(window: Window) -> bool:
    """Whether it is made for weekends and holidays, not for hours of working days."""
    return window.days <= _WEEKEND
