"""One change of a standing order under way: who may, and what it brings about."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from trips import access
from trips.events.log import recording
from trips.models import StandingOrder, StandingOrderEvent, Trip
from trips.standing_orders.materialise import materialise
from trips.standing_orders.plans import Reach
from trips.standing_orders.withdraw import Withdrawal, withdraw
from users.models import User
from users.roles import Permission, Role

Kind = StandingOrderEvent.Kind


class OrderNotFound(LookupError):
    """The order is absent, or not theirs: the two are not told apart."""


class Forbidden(Exception):
    """The actor's role may never do this."""


class Refused(Exception):
    """Not now: the version is old, or the order has ended."""

    def __init__(self, detail: str, order: StandingOrder) -> None:
        super().__init__(detail)
        self.order = order


@dataclass(frozen=True, slots=True)
class Outcome:
    """The order after a change, and what the change did to trips."""

    order: StandingOrder
    made: int = 0
    withdrawn: tuple[int, ...] = ()
    left: tuple[Trip, ...] = ()


@dataclass(slots=True)
class Change:
    """One change under way: the locked order, who does it, and when."""

    order: StandingOrder
    user: User
    reach: Reach
    data: dict[str, Any] = field(default_factory=dict)

    def take_back(self, first: date, last: date | None, why: str) -> Withdrawal:
        """Withdraw the trips of these days, today's at the earliest."""
        first = max(first, self.reach.today)
        return withdraw(self.order, self.user, self.reach.now, first=first, last=last, why=why)

    def outcome(
        self, kind: Kind, *, gone: Withdrawal | None = None, order: StandingOrder | None = None
    ) -> Outcome:
        """Make trips of `order` (else the changed one), keep the history, and say what was done."""
        gone = gone or Withdrawal()
        made = materialise(order or self.order, self.reach)
        counts = {"made": made, "withdrawn": len(gone.withdrawn), "left": len(gone.left)}
        with recording() as log:
            data = {**self.data, **counts}
            event = record(self.order, kind, self.user, self.reach.now, data)
            if self.order.approved_at is not None:
                log.fact("standing_order.changed", event.pk)
        return Outcome(order or self.order, made, gone.withdrawn, gone.left)


def may_order(user: User, *, dispatcher: bool = False) -> None:
    """Forbidden where this role never changes orders; `dispatcher`: or not like that."""
    facility = user.role == Role.FACILITY and user.may(Permission.BOOK_TRIPS) and not dispatcher
    if not (access.is_dispatcher(user) or facility):
        raise Forbidden


def begin(user: User, order_id: int, version: int | None, *, dispatcher: bool = False) -> Change:
    """The order, locked and not ended; what only the company does is a `dispatcher`'s."""
    may_order(user, dispatcher=dispatcher)
    theirs = access.visible_standing_orders(user).filter(pk=order_id)
    order = theirs.select_for_update(of=("self",), no_key=True).first()
    if order is None:
        raise OrderNotFound
    reach = Reach.of(timezone.now())
    if version is not None and version != order.version:
        raise Refused(f"The order is at version {order.version}.", order)
    if order.has_ended(reach.today):
        raise Refused("The order has ended.", order)
    return Change(order, user, reach)


def record(
    order: StandingOrder, kind: Kind, user: User, now: datetime, data: dict[str, Any]
) -> StandingOrderEvent:
    """Save the order as its next version, with its history."""
    order.version += 1
    order.save()
    return StandingOrderEvent.objects.create(
        order=order, version=order.version, kind=kind, actor=user, at=now, data=data
    )
