"""What patients read about their trips. A caregiver in copy reads the same words.

Plain words and short sentences; no name of the patient, no address, no reason of health.
"""

from datetime import timedelta

from django.utils.translation import gettext as _

from users.mails import times
from users.mails.calendar import invitation
from users.mails.letters import Aside, Block, Button, Facts, Letter, Tone, When, Words, facts
from users.mails.people import Reader
from users.mails.rides import Ride


def booked(ride: Ride, reader: Reader) -> Letter:
    """The trip has a time."""
    return Letter(
        subject=_("Your trip {trip} is booked").format(trip=ride.trip.pk),
        heading=_("Your trip is booked"),
        preview=_preview(ride, reader),
        tone=Tone.GOOD,
        blocks=(
            *_when(ride, reader),
            Words(_window(ride, reader)),
            _facts(ride, reader),
            Button(_("See or cancel this trip"), ride.answer_url),
        ),
        attachments=invitation(ride.trip, reader.company),
    )


def time_changed(ride: Ride, reader: Reader) -> Letter:
    """Another time than before."""
    return Letter(
        subject=_("Your trip {trip} has a new time").format(trip=ride.trip.pk),
        heading=_("Your trip has a new time"),
        preview=_preview(ride, reader),
        tone=Tone.CHANGE,
        blocks=(
            *_when(ride, reader, label=_("New pick-up time"), before=_before(ride, reader)),
            Words(_window(ride, reader)),
            _facts(ride, reader),
            Button(_("See or cancel this trip"), ride.answer_url),
            Aside(_("If the new time does not suit you, please tell us as early as you can.")),
        ),
        attachments=invitation(ride.trip, reader.company),
    )


def driver_changed(ride: Ride, reader: Reader) -> Letter:
    """Somebody else comes, at the same time."""
    return Letter(
        subject=_("Another driver for your trip {trip}").format(trip=ride.trip.pk),
        heading=_("Another driver comes for you"),
        tone=Tone.CHANGE,
        blocks=(
            Words(_("The time of your trip stays the same.")),
            *_when(ride, reader),
            _facts(ride, reader),
        ),
    )


def delayed(ride: Ride, reader: Reader) -> Letter:
    """The driver will be late."""
    blocks: list[Block] = [Words(_("We are sorry: your driver will be later than planned."))]
    if ride.expected_at is not None and ride.scheduled_at is not None:
        label = _("We now expect the pick-up at about")
        planned = _clock(ride, reader)
        blocks.append(
            When(
                times.day(ride.expected_at, reader.zone),
                times.clock(ride.expected_at, reader.zone),
                label,
                planned,
            )
        )
    blocks += [
        _facts(ride, reader),
        Button(_("Follow the ride"), ride.track_url),
        Aside(_("If you could miss an appointment because of it, please call us.")),
    ]
    return Letter(
        subject=_("Your trip {trip} is running late").format(trip=ride.trip.pk),
        heading=_("Your driver is running late"),
        tone=Tone.CHANGE,
        blocks=tuple(blocks),
    )


def reminder(ride: Ride, reader: Reader) -> Letter:
    """The day before: please confirm or cancel."""
    subject, heading = _reminder_titles(ride, reader)
    return Letter(
        subject=subject,
        heading=heading,
        preview=_preview(ride, reader),
        blocks=(
            *_when(ride, reader),
            Words(_window(ride, reader)),
            _facts(ride, reader),
            Button(_("Confirm or cancel"), ride.answer_url),
            Aside(
                _("The button opens a page that asks you. Nothing changes before you answer there.")
            ),
        ),
        attachments=invitation(ride.trip, reader.company),
    )


def _reminder_titles(ride: Ride, reader: Reader) -> tuple[str, str]:
    """(subject, heading); a reminder that waited is not told in yesterday's words."""
    today = ride.now.astimezone(reader.zone).date()
    at = ride.scheduled_at
    number = ride.trip.pk
    if at is not None and at.astimezone(reader.zone).date() == today:
        return _("Your trip {trip} is today").format(trip=number), _("Your trip is today")
    if at is not None and at.astimezone(reader.zone).date() == today + timedelta(days=1):
        return _("Your trip {trip} is tomorrow").format(trip=number), _("Your trip is tomorrow")
    return _("Your trip {trip} is coming up").format(trip=number), _("Your trip is coming up")


def on_the_way(ride: Ride, reader: Reader) -> Letter:
    """The driver has left for the pick-up."""
    blocks: list[Block] = []
    if ride.expected_at is not None:
        label = _("At your pick-up place at about")
        day = times.day(ride.expected_at, reader.zone)
        blocks.append(When(day, times.clock(ride.expected_at, reader.zone), label))
    blocks += [_facts(ride, reader), Button(_("Follow the ride"), ride.track_url)]
    return Letter(
        subject=_("Your driver is on the way (trip {trip})").format(trip=ride.trip.pk),
        heading=_("Your driver is on the way"),
        preview=_("Please get ready."),
        tone=Tone.GOOD,
        blocks=(Words(_("Please get ready to leave.")), *blocks),
    )


def arrived(ride: Ride, reader: Reader) -> Letter:
    """The driver stands at the pick-up."""
    return Letter(
        subject=_("Your driver is here (trip {trip})").format(trip=ride.trip.pk),
        heading=_("Your driver is here"),
        tone=Tone.GOOD,
        blocks=(
            Words(_("The driver is waiting at your pick-up place.")),
            _facts(ride, reader),
            Button(_("See the ride"), ride.track_url),
            Aside(_("Do you need help or more time? Please call us.")),
        ),
    )


def completed(ride: Ride, reader: Reader) -> Letter:
    """The ride is over."""
    ended = ride.trip.dropped_off_at
    arrival = times.clock(ended, reader.zone) if ended else None
    return Letter(
        subject=_("Your trip {trip} is complete").format(trip=ride.trip.pk),
        heading=_("You have arrived"),
        tone=Tone.GOOD,
        blocks=(
            Words(_("Thank you for riding with us.")),
            facts(
                (_("Trip"), str(ride.trip.pk)),
                (_("Arrived at"), arrival),
                (_("Driver"), ride.driver),
            ),
            Aside(_("Was something not right, or did you leave something behind? Please tell us.")),
        ),
    )


def cancelled(ride: Ride, reader: Reader) -> Letter:
    """It does not take place."""
    return Letter(
        subject=_("Your trip {trip} was cancelled").format(trip=ride.trip.pk),
        heading=_("Your trip was cancelled"),
        tone=Tone.TROUBLE,
        blocks=(
            Words(_("Nobody will come to pick you up for this trip.")),
            *_when(ride, reader, label=_("It was planned for")),
            facts((_("Trip"), str(ride.trip.pk))),
            Aside(_("If this surprises you, or you still need a ride, please tell us.")),
        ),
        attachments=invitation(ride.trip, reader.company, cancelled=True),
    )


def rejected(ride: Ride, reader: Reader) -> Letter:
    """We cannot drive it."""
    return Letter(
        subject=_("We cannot take your trip {trip}").format(trip=ride.trip.pk),
        heading=_("We are sorry: we cannot take this trip"),
        tone=Tone.TROUBLE,
        blocks=(
            Words(_("You asked us for this ride. We cannot drive it.")),
            *_when(ride, reader, label=_("You asked for")),
            facts((_("Trip"), str(ride.trip.pk))),
            Aside(_("Please tell us if another time would help, or arrange another ride.")),
        ),
    )


def no_show(ride: Ride, reader: Reader) -> Letter:
    """The driver came and met nobody."""
    came = ride.trip.arrived_pickup_at
    left = ride.trip.state_since
    return Letter(
        subject=_("We could not meet you (trip {trip})").format(trip=ride.trip.pk),
        heading=_("Our driver could not meet you"),
        tone=Tone.TROUBLE,
        blocks=(
            Words(_("The driver came to your pick-up place, waited, and had to drive on.")),
            facts(
                (_("Trip"), str(ride.trip.pk)),
                (_("Planned for"), _clock(ride, reader)),
                (_("Driver came at"), times.clock(came, reader.zone) if came else None),
                (_("Driver left at"), times.clock(left, reader.zone)),
            ),
            Aside(_("If you still need a ride, or this is a mistake, please tell us.")),
        ),
    )


# --- parts that letters share


def _when(ride: Ride, reader: Reader, *, label: str = "", before: str = "") -> tuple[When, ...]:
    at = ride.scheduled_at
    if at is None:
        return ()
    label = label or _("Pick-up")
    return (When(times.day(at, reader.zone), times.clock(at, reader.zone), label, before),)


def _before(ride: Ride, reader: Reader) -> str:
    """The former time; with its day where the day changed as well."""
    if ride.former_at is None or ride.scheduled_at is None:
        return ""
    zone = reader.zone
    clock = times.clock(ride.former_at, zone)
    if ride.former_at.astimezone(zone).date() == ride.scheduled_at.astimezone(zone).date():
        return clock
    return f"{times.day(ride.former_at, zone)}, {clock}"


def _clock(ride: Ride, reader: Reader) -> str:
    return times.clock(ride.scheduled_at, reader.zone) if ride.scheduled_at else ""


def _window(ride: Ride, reader: Reader) -> str:
    """Until when they may have to wait."""
    if ride.scheduled_at is None or not ride.trip.window_minutes:
        return _("Please be ready at this time at your pick-up place.")
    until = ride.scheduled_at + timedelta(minutes=ride.trip.window_minutes)
    return _(
        "Please be ready from this time. By {until} at the latest your driver is at your pick-up "
        "place."
    ).format(until=times.clock(until, reader.zone))


def _facts(ride: Ride, reader: Reader) -> Facts:
    appointment = ride.trip.appointment_at
    return facts(
        (_("Trip"), str(ride.trip.pk)),
        (_("Appointment"), times.clock(appointment, reader.zone) if appointment else None),
        (_("Driver"), ride.driver),
        (_("Vehicle"), ride.vehicle),
    )


def _preview(ride: Ride, reader: Reader) -> str:
    at = ride.scheduled_at
    return f"{times.day(at, reader.zone)}, {times.clock(at, reader.zone)}" if at else ""
