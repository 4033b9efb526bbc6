"""Which step of the ladder an overdue invoice takes next (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

#: Days that a debtor has at least between two steps, also where the nightly run was away.
REST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Step:
    """What is done so many days after the due day."""

    days_after_due: int
    action: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that the invoice took on `on`."""

    days_after_due: int
    action: str
    on: date


def next_step(
    steps: Sequence[Step], taken: Sequence[Taken], due_on: date, today: date
) -> Step | None:
    """The one step to take today, or None.

    Steps are taken in the order of their days, each once, never two within REST_DAYS (or the
    days between the two, where those are fewer): after a week without a run a debtor gets the
    step that was missed, and the following one later. A step that was put in front of one that
    was taken already is left out.
    """
    last = max(taken, key=lambda one: one.days_after_due, default=None)
    done = {one.action for one in taken}
    for step in sorted(steps, key=lambda one: one.days_after_due):
        if step.action in done or (last and step.days_after_due <= last.days_after_due):
            continue
        return step if _is_due(step, last, due_on, today) else None
    return None


def _is_due(step: Step, last: Taken | None, due_on: date, today: date) -> bool:
    if today < due_on + timedelta(days=step.days_after_due):
        return False
    if last is None:
        return True
    rest = min(REST_DAYS, step.days_after_due - last.days_after_due)
    return today >= last.on + timedelta(days=rest)
