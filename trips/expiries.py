"""When to warn that a paper runs out (pure)."""

from datetime import date

#: Days ahead at which people are warned; the last one on the day itself.
STEPS = (30, 14, 7, 1, 0)


def due_step(expires: date, today: date) -> int | None:
    """The step whose warning is due by `today`, the nearest one; None: it is far off.

    A step that was missed is made up for: 13 days ahead the warning of 14 days is due.
    """
    left = (expires - today).days
    return min((step for step in STEPS if step >= left), default=None)
