"""What a patient reads about a change of their standing order: days and numbers, no reason."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from trips.dispatch.standing_orders import Plan, describe_days, parse_rule
from users.languages import DEFAULT
from users.mails import times
from users.mails.letters import Aside, Letter, Tone, Words, facts
from users.mails.people import Reader


def standing_letter(
    order_id: int, plan: Plan, kind: str, data: Mapping[str, Any], reader: Reader
) -> Letter:
    """`plan` is what holds from now on; `data` the event's days and counts."""
    return Letter(
        subject=_("Your standing order {order}").format(order=order_id),
        heading=_("Your standing order {order}").format(order=order_id),
        tone=Tone.GOOD if kind in ("approved", "resumed", "restored") else Tone.CHANGE,
        blocks=(
            Words(_sentence(plan, kind, data)),
            facts(*_rhythm(plan), *_counts(data)),
            Aside(_("If this surprises you, please tell us.")),
        ),
    )


def _sentence(plan: Plan, kind: str, data: Mapping[str, Any]) -> str:
    """What happened to the order, with its days."""
    first, last = _day(data.get("from")), _day(data.get("to"))
    if kind == "paused" and last:
        return _("It is paused from {first} to {last}.").format(first=first, last=last)
    sentences = {
        "created": _("It begins on {begin}."),
        "approved": _("It is agreed and begins on {begin}."),
        "changed": _("It has changed."),
        "succeeded": _("It changes from {first}."),
        "paused": _("It is paused from {first}."),
        "resumed": _("It goes on from {first}."),
        "skipped": _("It is left out on {day}."),
        "restored": _("It is driven on {day} after all."),
        "ended": _("It ends: there are no trips from {first} on."),
    }
    begin = _day(plan.first_day)
    return sentences[kind].format(begin=begin, first=first, day=_day(data.get("day")))


def _day(value: str | date | None) -> str:
    day = parse_date(value) if isinstance(value, str) else value
    return times.full_day(day) if day else ""


def _rhythm(plan: Plan) -> list[tuple[str, str | None]]:
    """The order by its parts."""
    back = _("when you call") if plan.return_kind == "will_call" else _clock(plan.return_time)
    return [
        (_("Days"), _days(plan)),
        (_("Pick-up"), _clock(plan.pickup_time)),
        (_("Appointment"), _clock(plan.appointment_time)),
        (_("Way back"), back),
    ]


def _days(plan: Plan) -> str:
    """The days of a rule; "" where our other languages have no words for it."""
    rule = parse_rule(plan.rule)
    if rule.frequency == "DAILY" and rule.interval == 1:
        return _("every day")
    if rule.frequency == "WEEKLY" and rule.interval == 1:
        days = [day for day, _nth in rule.days] or [plan.anchor_day.weekday()]
        return ", ".join(times.weekday_name(day) for day in days)
    return describe_days(plan) if get_language() == DEFAULT else ""


def _clock(value: time | None) -> str:
    return times.wall_clock(value) if value else ""


def _counts(data: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    rows = (
        (_("Trips cancelled with it"), data.get("withdrawn")),
        (_("Trips planned now"), data.get("made")),
        (_("Trips that stay until we have spoken"), data.get("left")),
    )
    return [(label, str(count) if count else None) for label, count in rows]
