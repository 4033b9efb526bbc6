"""What drivers read about their trips: numbers and times; the patient is in the app."""

from django.utils.translation import gettext as _

from users.mails import times
from users.mails.calendar import invitation
from users.mails.letters import Aside, Block, Facts, Letter, Tone, When, facts
from users.mails.people import Reader
from users.mails.rides import Ride
from users.mails.terms import mobility_of


def assigned(ride: Ride, reader: Reader) -> Letter:
    """A trip for this driver."""
    title = _("Trip {trip} is assigned to you").format(trip=ride.trip.pk)
    return Letter(
        subject=title,
        heading=title,
        blocks=(*_when(ride, reader), _facts(ride), _in_the_app()),
        attachments=invitation(ride.trip, reader.company),
    )


def time_changed(ride: Ride, reader: Reader) -> Letter:
    """Their trip is at another time."""
    title = _("Trip {trip} has a new time").format(trip=ride.trip.pk)
    before = times.clock(ride.former_at, reader.zone) if ride.former_at else ""
    return Letter(
        subject=title,
        heading=title,
        tone=Tone.CHANGE,
        blocks=(*_when(ride, reader, before), _facts(ride), _in_the_app()),
        attachments=invitation(ride.trip, reader.company),
    )


def _when(ride: Ride, reader: Reader, before: str = "") -> tuple[Block, ...]:
    at = ride.scheduled_at
    if at is None:
        return ()
    return (When(times.day(at, reader.zone), times.clock(at, reader.zone), _("Pick-up"), before),)


def _facts(ride: Ride) -> Facts:
    return facts(
        (_("Vehicle"), ride.vehicle), (_("Level of service"), mobility_of(ride.trip.mobility))
    )


def _in_the_app() -> Aside:
    return Aside(_("Who rides, and from where to where, is in your app."))
