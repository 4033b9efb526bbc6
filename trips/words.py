"""A trip in the words of who rides: headlines, states in a list, what the vehicle must carry."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from trips.lifecycle import Status

Words = str | Promise

#: (headline, hue of the stylesheet) of the page behind a tracking link.
HEADLINES: dict[Status, tuple[Words, str]] = {
    Status.REQUESTED: (_("Your trip is requested"), "open"),
    Status.WILL_CALL: (_("Tell us when you are ready"), "open"),
    Status.SCHEDULED: (_("Your trip is booked"), "open"),
    Status.ASSIGNED: (_("A driver is assigned"), "assigned"),
    Status.DISPATCHED: (_("A driver is assigned"), "assigned"),
    Status.EN_ROUTE_PICKUP: (_("Your driver is on the way"), "driving"),
    Status.ARRIVED_PICKUP: (_("Your driver is here"), "waiting"),
    Status.IN_PROGRESS: (_("On the way to the destination"), "aboard"),
    Status.ARRIVED_DROPOFF: (_("Arrived at the destination"), "arrived"),
    Status.COMPLETED: (_("The trip is complete"), "done"),
    Status.CANCELLED: (_("The trip was cancelled"), "done"),
    Status.NO_SHOW: (_("The driver could not meet you"), "done"),
    Status.REJECTED: (_("We cannot take this trip"), "trouble"),
    Status.MISSED: (_("We missed your trip. Please call us"), "trouble"),
}

#: One word or two, for a list; the hue is the headline's.
SHORT: dict[Status, Words] = {
    Status.REQUESTED: _("Requested"),
    Status.WILL_CALL: _("Waits for your call"),
    Status.SCHEDULED: _("Booked"),
    Status.ASSIGNED: _("Driver assigned"),
    Status.DISPATCHED: _("Driver assigned"),
    Status.EN_ROUTE_PICKUP: _("On the way"),
    Status.ARRIVED_PICKUP: _("At the door"),
    Status.IN_PROGRESS: _("On board"),
    Status.ARRIVED_DROPOFF: _("Arrived"),
    Status.COMPLETED: _("Complete"),
    Status.CANCELLED: _("Cancelled"),
    Status.NO_SHOW: _("Nobody met"),
    Status.REJECTED: _("Not possible"),
    Status.MISSED: _("Missed"),
}

MOBILITY: dict[str, Words] = {
    "ambulatory": _("I can walk"),
    "wheelchair": _("Wheelchair"),
    "bariatric_wheelchair": _("Wide wheelchair"),
    "stretcher": _("Stretcher"),
    "bariatric_stretcher": _("Wide stretcher"),
}

#: The road of a trip as a patient counts it, and the states in which each stretch is reached.
STEPS: tuple[tuple[Words, frozenset[Status]], ...] = (
    (_("Booked"), frozenset({Status.SCHEDULED})),
    (_("Driver assigned"), frozenset({Status.ASSIGNED, Status.DISPATCHED})),
    (_("On the way"), frozenset({Status.EN_ROUTE_PICKUP})),
    (_("At the door"), frozenset({Status.ARRIVED_PICKUP})),
    (_("On board"), frozenset({Status.IN_PROGRESS})),
    (_("Arrived"), frozenset({Status.ARRIVED_DROPOFF, Status.COMPLETED})),
)


def steps(status: Status) -> list[dict[str, object]]:
    """[{label, is_done, is_now}] of a trip that is on its road; empty before and beside it."""
    now = next((i for i, (_label, states) in enumerate(STEPS) if status in states), None)
    if now is None:
        return []
    return [
        {"label": label, "is_done": index < now, "is_now": index == now}
        for index, (label, _states) in enumerate(STEPS)
    ]
