"""The only writers of standing orders: each change is one transaction with its history and trips.

Trips are made, or taken back, in the same transaction, so that the answer says what became of
them.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from trips import access
from trips.deadlocks import tried_again
from trips.dispatch.standing_orders import days_of
from trips.events.log import recording
from trips.models import StandingOrder, StandingOrderPause, StandingOrderSkip
from trips.standing_orders.change import (
    Change,
    Forbidden,
    Kind,
    OrderNotFound,
    Outcome,
    Refused,
    begin,
    may_order,
    record,
)
from trips.standing_orders.checks import InvalidOrder, check
from trips.standing_orders.plans import Reach, pause_of, plan_of
from users.models import User

__all__ = [
    "FOR_DISPATCHERS",
    "Forbidden",
    "InvalidOrder",
    "OrderNotFound",
    "Outcome",
    "Refused",
    "approve",
    "change",
    "create",
    "end",
    "may_order",
    "pause",
    "restore",
    "resume",
    "skip",
]

#: How far an order may begin in the past, since intervals are counted from there, or ahead.
EARLIEST, LATEST = timedelta(days=366), timedelta(days=2 * 366)
MOST_SKIPS = 400
MOST_PAUSES = 100


@tried_again
def create(*, user: User, fields: Mapping[str, Any]) -> Outcome:
    """A new order of `fields` (model fields); agreed at once where a dispatcher makes it.

    Raises Forbidden and InvalidOrder.
    """
    may_order(user)
    reach = Reach.of(timezone.now())
    order = StandingOrder(**fields)
    order.anchor_day = order.first_day
    if not reach.today - EARLIEST <= order.first_day <= reach.today + LATEST:
        raise InvalidOrder("first_day", "From a year ago to two years ahead.")
    check(order)
    if access.is_dispatcher(user):
        order.approved_at = reach.now
    with recording():
        order.save(force_insert=True)
        return Change(order, user, reach).outcome(Kind.CREATED)


@tried_again
def approve(*, user: User, order_id: int, version: int | None = None) -> Outcome:
    """The company agrees to what was requested; its trips are made."""
    with recording():
        change = begin(user, order_id, version, dispatcher=True)
        if change.order.approved_at is not None:
            raise Refused("The order is approved already.", change.order)
        change.order.approved_at = change.reach.now
        return change.outcome(Kind.APPROVED)


@tried_again
def change(
    *,
    user: User,
    order_id: int,
    fields: Mapping[str, Any],
    first: date | None = None,
    version: int | None = None,
) -> Outcome:
    """This and following: the order ends the day before `first`, a new one begins with `fields`.

    An order whose days are all from `first` on, or that nobody has agreed to, is changed itself.
    """
    with recording():
        under_way = begin(user, order_id, version, dispatcher=True)
        first = _from(under_way, first)
        if under_way.order.approved_at is None or first <= under_way.order.first_day:
            return _change_itself(under_way, fields)
        return _succeed(under_way, first, fields)


def _change_itself(change: Change, fields: Mapping[str, Any]) -> Outcome:
    order = change.order
    _apply(order, fields, anchor_day=order.first_day)
    change.data = {"fields": sorted(fields)}
    gone = change.take_back(order.first_day, None, "changed")
    return change.outcome(Kind.CHANGED, gone=gone)


def _succeed(change: Change, first: date, fields: Mapping[str, Any]) -> Outcome:
    old = change.order
    new = StandingOrder.objects.get(pk=old.pk)
    new.pk, new.version, new.materialised_until = None, 0, None
    new.series_id, new.first_day = old.root_id, first
    _apply(new, fields, anchor_day=first)
    gone = change.take_back(first, None, "changed")
    old.last_day = first - timedelta(days=1)
    new.save(force_insert=True)
    _take_along(old, new, first)
    change.data = {"from": first.isoformat(), "fields": sorted(fields), "by": new.pk}
    record(new, Kind.CREATED, change.user, change.reach.now, {"follows": old.pk})
    return change.outcome(Kind.SUCCEEDED, gone=gone, order=new)


def _apply(order: StandingOrder, fields: Mapping[str, Any], *, anchor_day: date) -> None:
    for name, value in fields.items():
        setattr(order, name, value)
    if "rule" in fields:
        order.anchor_day = anchor_day
    if fields.get("return_kind", "timed") != "timed":
        order.return_time = None
    check(order)


def _take_along(old: StandingOrder, new: StandingOrder, first: date) -> None:
    """The exceptions from `first` on hold for the successor as well."""
    for skip in old.skips.filter(day__gte=first):
        StandingOrderSkip.objects.create(order=new, day=skip.day, reason=skip.reason)
    for pause in old.pauses.all():
        if pause.last_day is None or pause.last_day >= first:
            begin = max(first, pause.first_day)
            new.pauses.create(first_day=begin, last_day=pause.last_day, reason=pause.reason)


@tried_again
def pause(
    *,
    user: User,
    order_id: int,
    reason: str,
    first: date | None = None,
    last: date | None = None,
    version: int | None = None,
) -> Outcome:
    """The order does not hold from `first` (None: today) to `last` (None: until resumed)."""
    with recording():
        change = begin(user, order_id, version)
        first = _from(change, first)
        if last is not None and last < first:
            raise InvalidOrder("to", "A pause ends after it begins.")
        if change.order.pauses.count() >= MOST_PAUSES:
            raise Refused(f"An order has at most {MOST_PAUSES} pauses.", change.order)
        StandingOrderPause.objects.create(
            order=change.order, first_day=first, last_day=last, reason=reason
        )
        change.data = {"from": first.isoformat(), "to": last and last.isoformat()}
        return change.outcome(Kind.PAUSED, gone=change.take_back(first, last, "paused"))


@tried_again
def resume(
    *, user: User, order_id: int, first: date | None = None, version: int | None = None
) -> Outcome:
    """Each pause that covers `first` (None: today) ends the day before; a later one stays."""
    with recording():
        change = begin(user, order_id, version)
        first = _from(change, first)
        ended = [row for row in change.order.pauses.all() if pause_of(row).covers(first)]
        if not ended:
            raise Refused(f"The order is not paused on {first}.", change.order)
        for row in ended:
            if row.first_day == first:
                row.delete()
            else:
                row.last_day = first - timedelta(days=1)
                row.save(update_fields=["last_day"])
        change.data = {"from": first.isoformat()}
        return change.outcome(Kind.RESUMED)


@tried_again
def skip(
    *, user: User, order_id: int, day: date, reason: str = "", version: int | None = None
) -> Outcome:
    """Leave out one day; a day that is left out already stays so."""
    with recording():
        change = begin(user, order_id, version)
        within = change.reach.today <= day <= change.reach.today + LATEST
        if not (within and days_of(plan_of(change.order), day, day)):
            raise InvalidOrder("day", "The order has no trip on that day.")
        if change.order.skips.filter(day__gte=change.reach.today).count() >= MOST_SKIPS:
            raise Refused("Too many single days: change or pause the order.", change.order)
        _, new = change.order.skips.get_or_create(day=day, defaults={"reason": reason})
        if not new:
            return Outcome(change.order)
        change.data = {"day": day.isoformat()}
        return change.outcome(Kind.SKIPPED, gone=change.take_back(day, day, "skipped"))


@tried_again
def restore(*, user: User, order_id: int, day: date, version: int | None = None) -> Outcome:
    """A day that was left out is driven after all."""
    with recording():
        change = begin(user, order_id, version)
        deleted, _ = change.order.skips.filter(day=day, day__gte=change.reach.today).delete()
        if not deleted:
            raise Refused(f"{day} is not left out.", change.order)
        change.data = {"day": day.isoformat()}
        return change.outcome(Kind.RESTORED)


@tried_again
def end(
    *, user: User, order_id: int, first: date | None = None, version: int | None = None
) -> Outcome:
    """The order holds no longer from `first` (None: today) on."""
    with recording():
        change = begin(user, order_id, version)
        first = _from(change, first)
        change.order.last_day = first - timedelta(days=1)
        change.data = {"from": first.isoformat()}
        return change.outcome(Kind.ENDED, gone=change.take_back(first, None, "ended"))


def _from(change: Change, first: date | None) -> date:
    first = first or change.reach.today
    if not change.reach.today <= first <= change.reach.today + LATEST:
        raise InvalidOrder("from", "From today to two years ahead.")
    if change.order.last_day is not None and first > change.order.last_day:
        raise InvalidOrder("from", f"The order ends on {change.order.last_day}.")
    return first


#: What only the company decides.
FOR_DISPATCHERS = (approve, change)
