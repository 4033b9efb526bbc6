"""A trip as a calendar file: times and numbers, no name and no place."""

from datetime import UTC, datetime

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from trips import calendars
from trips.models import Company, Trip
from users.mails.letters import Attachment


def invitation(trip: Trip, company: Company, *, cancelled: bool = False) -> tuple[Attachment, ...]:
    """The trip's file, of the same id as in a driver's feed; nothing where it has no time.

    A later version of the trip replaces the entry, a cancelled one takes it away.
    """
    if trip.scheduled_at is None:
        return ()
    calendar = Calendar()
    calendar.add("prodid", "-//ATW//Mail//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_event(trip, trip.scheduled_at, company, cancelled))
    content: bytes = calendar.to_ical()
    kind = "text/calendar; charset=utf-8; method=PUBLISH"
    return (Attachment(f"trip-{trip.pk}.ics", content, kind),)


def _event(trip: Trip, begin: datetime, company: Company, cancelled: bool) -> Event:
    event = Event()
    event.add("uid", calendars.uid_of(trip))
    event.add("sequence", trip.version)
    event.add("dtstamp", trip.state_since)
    # In UTC, which every calendar shows in its owner's own zone, without a zone's table.
    event.add("dtstart", begin.astimezone(UTC))
    event.add("dtend", calendars.end_of(trip, begin).astimezone(UTC))
    event.add("summary", _("Ride with {company}").format(company=company.name))
    event.add("description", _("Trip {trip}").format(trip=trip.pk))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    return event
