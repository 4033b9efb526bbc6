"""Whether the parts of a standing order fit together."""

from datetime import date, timedelta

from trips.dispatch.standing_orders import InvalidRule, days_of, parse_rule
from trips.models import StandingOrder
from trips.standing_orders.plans import plan_of

#: A rule shows a day within this time, or it is a mistake.
LOOK_AHEAD = timedelta(days=2 * 366)
LAST_FIRST_DAY = date.max - LOOK_AHEAD


class InvalidOrder(ValueError):
    """A field does not fit the others or the calendar; `field` names it."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail)
        self.field = name


def check(order: StandingOrder) -> None:
    """InvalidOrder where the parts of an order do not fit together; its rule is tidied."""
    try:
        order.rule = str(parse_rule(order.rule))
    except InvalidRule as exc:
        raise InvalidOrder("rule", str(exc)) from None
    if order.last_day is not None and order.last_day < order.first_day:
        raise InvalidOrder("last_day", "An order ends after it begins.")
    _check_times(order)
    if order.first_day > LAST_FIRST_DAY:
        raise InvalidOrder("first_day", "That is too far ahead.")
    if not days_of(plan_of(order), order.first_day, order.first_day + LOOK_AHEAD):
        raise InvalidOrder("rule", "The rule has no day in the order's time.")


def _check_times(order: StandingOrder) -> None:
    if order.appointment_time is not None and order.appointment_time < order.pickup_time:
        raise InvalidOrder("appointment_time", "The appointment comes after the pick-up.")
    timed = order.return_kind == StandingOrder.ReturnKind.TIMED
    if timed != (order.return_time is not None):
        raise InvalidOrder("return_time", "A timed return has a time, and no other one has.")
    if order.return_time == order.pickup_time:
        raise InvalidOrder("return_time", "The return is at another time than the pick-up.")
