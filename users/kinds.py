"""Everything that is said to people: what sets it off, who hears it, how, and when (pure).

One row a kind. `users.notifications` reads the rows by topic, `users.audiences` finds the people,
`users.pipe` asks for their preferences, `users.mails` has the words of a mail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """How a person is reached; the values of `Notification.Channel`."""

    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"


class Audience(StrEnum):
    """Who hears of a trip's event; never who caused it."""

    DRIVER = "driver"
    FORMER_DRIVER = "former_driver"
    PATIENT = "patient"
    FACILITY = "facility"
    DISPATCHERS = "dispatchers"


#: Outside channels; what a person has not asked for is not sent by SMS or push.
OUTSIDE = (Channel.EMAIL, Channel.SMS, Channel.PUSH)
ON_REQUEST = frozenset({Channel.SMS, Channel.PUSH})
_IN_APP = (Channel.IN_APP,)
_MAIL = (Channel.EMAIL,)
_ALL = (Channel.IN_APP, *OUTSIDE)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice.

    `told`: the audiences of `topics` and their channels; empty where the caller names the people.
    `channels`: those a person may choose among. `optional`: it can be unsubscribed from, and
    counts against the daily cap. `any_hour`: it does not wait for the end of quiet hours.
    `overtaken`: statuses of the trip in which it is no longer worth saying; only an unsent
    message is dropped so. `copied`: a patient's caregiver gets a copy. `message` carries no name
    and no address: it shows on locked screens.
    """

    message: str = ""
    topics: tuple[str, ...] = ()
    told: Mapping[Audience, tuple[Channel, ...]] | None = None
    channels: tuple[Channel, ...] = _IN_APP
    optional: bool = False
    any_hour: bool = True
    overtaken: frozenset[str] = frozenset()
    copied: bool = False


_ENDED = frozenset({"completed", "cancelled", "no_show", "rejected", "missed"})
_ABOARD = _ENDED | {"in_progress", "arrived_dropoff"}
_A = Audience
_GIVEN = ("trip.assigned", "trip.transferred")

KINDS: Mapping[str, Kind] = {
    # --- drivers
    "trip_assigned": Kind(
        "Trip {trip_id} is assigned to you.",
        topics=_GIVEN,
        told={_A.DRIVER: _ALL},
        channels=_ALL,
    ),
    "trip_withdrawn": Kind(
        "Trip {trip_id} is no longer yours.",
        topics=(*_GIVEN, "trip.unassigned"),
        told={_A.FORMER_DRIVER: (Channel.IN_APP, Channel.SMS, Channel.PUSH)},
        channels=(Channel.IN_APP, Channel.SMS, Channel.PUSH),
    ),
    "shift_ended": Kind(),
    # --- patients, and the facilities that book for them
    "booked": Kind(
        "Trip {trip_id} is booked.",
        topics=("trip.scheduled", "trip.ready"),
        told={_A.PATIENT: _ALL, _A.FACILITY: _IN_APP},
        channels=_ALL,
        any_hour=False,
        overtaken=_ENDED,
        copied=True,
    ),
    "time_changed": Kind(
        "The time of trip {trip_id} has changed.",
        topics=("trip.changed",),
        told={_A.PATIENT: _ALL, _A.FACILITY: _IN_APP, _A.DRIVER: _ALL},
        channels=_ALL,
        overtaken=_ENDED,
        copied=True,
    ),
    "driver_changed": Kind(
        "Trip {trip_id} has another driver.",
        topics=_GIVEN,
        told={_A.PATIENT: _ALL},
        channels=_ALL,
        optional=True,
        any_hour=False,
        overtaken=_ABOARD,
        copied=True,
    ),
    "delayed": Kind(
        "Trip {trip_id} is delayed.",
        told={_A.PATIENT: _ALL, _A.FACILITY: _IN_APP},
        channels=_ALL,
        optional=True,
        overtaken=_ABOARD,
        copied=True,
    ),
    "reminder": Kind(
        "Trip {trip_id} is tomorrow.",
        told={_A.PATIENT: _ALL},
        channels=_ALL,
        optional=True,
        any_hour=False,
        overtaken=_ABOARD | {"en_route_pickup", "arrived_pickup"},
        copied=True,
    ),
    "on_the_way": Kind(
        "Your driver is on the way (trip {trip_id}).",
        topics=("trip.en_route_pickup",),
        told={_A.PATIENT: _ALL},
        channels=_ALL,
        optional=True,
        overtaken=_ABOARD,
        copied=True,
    ),
    "arrived": Kind(
        "Your driver is here (trip {trip_id}).",
        topics=("trip.arrived_pickup",),
        told={_A.PATIENT: _ALL},
        channels=_ALL,
        optional=True,
        overtaken=_ABOARD,
        copied=True,
    ),
    "completed": Kind(
        "Trip {trip_id} is complete.",
        topics=("trip.completed",),
        told={_A.PATIENT: _ALL},
        channels=_ALL,
        optional=True,
        any_hour=False,
        copied=True,
    ),
    "trip_cancelled": Kind(
        "Trip {trip_id} was cancelled.",
        topics=("trip.cancelled",),
        told={
            _A.FORMER_DRIVER: (Channel.IN_APP, Channel.SMS, Channel.PUSH),
            _A.PATIENT: _ALL,
            _A.FACILITY: _IN_APP,
        },
        channels=_ALL,
        copied=True,
    ),
    "trip_rejected": Kind(
        "We cannot take trip {trip_id}.",
        topics=("trip.rejected",),
        told={_A.PATIENT: _ALL, _A.FACILITY: _IN_APP},
        channels=_ALL,
        any_hour=False,
        copied=True,
    ),
    "no_show": Kind(
        "The driver of trip {trip_id} met nobody.",
        topics=("trip.no_show",),
        told={_A.PATIENT: _ALL, _A.FACILITY: _IN_APP},
        channels=_ALL,
        copied=True,
    ),
    "standing_order": Kind(channels=_MAIL),
    # --- the office
    "trip_declined": Kind(
        "Trip {trip_id} was declined by its driver.",
        topics=("trip.declined",),
        told={_A.DISPATCHERS: _IN_APP},
    ),
    "trip_stuck": Kind(
        "Trip {trip_id} has been in one state for too long.",
        topics=("trip.stuck",),
        told={_A.DISPATCHERS: _IN_APP},
    ),
    "trip_missed": Kind(
        "Trip {trip_id} was missed.",
        topics=("trip.missed",),
        told={_A.DISPATCHERS: _IN_APP, _A.FACILITY: _IN_APP},
    ),
    "alert": Kind('Alarm "{kind}" from {source} (alert {alert_id}).'),
    "message": Kind(),
    "expiry": Kind(),
    "daily_digest": Kind(channels=_MAIL, optional=True),
    "weekly_report": Kind(channels=_MAIL, optional=True),
    # --- accounts and money
    "welcome": Kind(channels=_MAIL),
    "password_reset": Kind(channels=_MAIL),
    "invoice": Kind(channels=_MAIL),
    "invoice_reminder": Kind(channels=_MAIL),
    "invoice_second_reminder": Kind(channels=_MAIL),
    "invoice_final_notice": Kind(channels=_MAIL),
    "invoice_hand_over": Kind(),
    "payment_kept": Kind(),
}

_UNLISTED = Kind(channels=(Channel.IN_APP, Channel.EMAIL))


def kind_of(name: str) -> Kind:
    """The row of this kind; one that tasks or other rooms made up is always sent, at any hour."""
    return KINDS.get(name, _UNLISTED)


def told_of(topic: str) -> list[str]:
    """The kinds that an event of this topic sets off, in the table's order."""
    return [name for name, kind in KINDS.items() if topic in kind.topics]


def wanted_by_default(channel: str) -> bool:
    """Whether a person who has said nothing gets messages through this channel."""
    return channel not in ON_REQUEST


def can_be_refused(name: str, channel: str) -> bool:
    """Whether a person may switch this off: what is optional, or is only there on request."""
    return channel in ON_REQUEST or (channel == Channel.EMAIL and kind_of(name).optional)
