"""A standing order's rows as the plan that the rules read, and how it stands today."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet

from trips.dispatch.standing_orders import Pause, Plan
from trips.models import Company, Holiday, StandingOrder, StandingOrderPause

#: The furthest that trips are made ahead, whatever the company's setting says.
MOST_DAYS = 366


class State(StrEnum):
    """How an order stands on a day."""

    REQUESTED = "requested"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Reach:
    """From when to which day, included, orders become trips, by the company's clock."""

    now: datetime
    zone: ZoneInfo
    today: date
    until: date

    @classmethod
    def of(cls, now: datetime) -> "Reach":
        """As far as the company wants it at `now` (one statement)."""
        company = Company.get()
        zone = ZoneInfo(company.time_zone)
        today = now.astimezone(zone).date()
        days = min(company.materialise_days, MOST_DAYS)
        return cls(now, zone, today, today + timedelta(days=days))


def pause_of(row: StandingOrderPause) -> Pause:
    """The row as the rules read it."""
    return Pause(row.first_day, row.last_day)


def rhythm_of(order: StandingOrder) -> Plan:
    """The order's plan without its exceptions: all that it takes to read it aloud."""
    return Plan(
        rule=order.rule,
        anchor_day=order.anchor_day,
        first_day=order.first_day,
        last_day=order.last_day,
        pickup_time=order.pickup_time,
        appointment_time=order.appointment_time,
        return_kind=order.return_kind,
        return_time=order.return_time,
    )


def plan_of(order: StandingOrder) -> Plan:
    """The order's plan, its exceptions read in one statement for each kind."""
    plan = rhythm_of(order)
    if order.except_holidays:
        holidays = Holiday.objects.values_list("day", flat=True)
        plan = replace(plan, holidays=frozenset(holidays))
    if order.pk is None:
        return plan
    return replace(
        plan,
        skipped=frozenset(row.day for row in order.skips.all()),
        pauses=tuple(map(pause_of, order.pauses.all())),
    )


def state_of(order: StandingOrder, today: date) -> State:
    """How `order` stands today."""
    if order.has_ended(today):
        return State.ENDED
    if order.approved_at is None:
        return State.REQUESTED
    paused = any(pause_of(row).covers(today) for row in order.pauses.all())
    return State.PAUSED if paused else State.ACTIVE


def ended_by(today: date) -> Q:
    """Orders of which no day is left, as `StandingOrder.has_ended` says of one."""
    return Q(last_day__lt=today) | Q(last_day__lt=F("first_day"))


def in_state(orders: QuerySet[StandingOrder], state: State, today: date) -> QuerySet[StandingOrder]:
    """Those of `orders` that stand so today; the same as `state_of` says of each."""
    covering = StandingOrderPause.objects.filter(
        Q(last_day__isnull=True) | Q(last_day__gte=today), first_day__lte=today
    )
    paused = Q(pk__in=covering.values("order"))
    running = orders.exclude(ended_by(today))
    match state:
        case State.ENDED:
            return orders.filter(ended_by(today))
        case State.REQUESTED:
            return running.filter(approved_at__isnull=True)
        case State.PAUSED:
            return running.filter(paused, approved_at__isnull=False)
        case State.ACTIVE:
            return running.filter(~paused, approved_at__isnull=False)
