"""From a row to a mail: in the person's language and time zone, with a calendar and no secrets."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from icalendar import Calendar

from tests.cast import Cast
from tests.mails.html import read
from trips.lifecycle import Action
from trips.models import Company, Patient, Trip, TripEta, TripEvent
from trips.services import change_trip
from users.kinds import KINDS, Channel
from users.mails import compose
from users.mails.compose import RIDES
from users.models import Notification, User

pytestmark = pytest.mark.django_db
MORNING = datetime(2027, 3, 1, 7, 30, tzinfo=UTC)  # 08:30 in Stockholm


def row(kind: str, trip: Trip | None = None, user: User | None = None, **more: Any) -> Notification:
    fields = {"user": user, "kind": kind, "channel": "email", "due_at": MORNING, "key": "k"} | more
    return Notification.objects.create(**{"trip_id": trip.pk if trip else None} | fields)


def at(trip: Trip, moment: datetime = MORNING) -> Trip:
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=moment)
    return trip


def parts(mail: EmailMultiAlternatives) -> dict[str, Message]:
    return {part.get_content_type(): part for part in mail.message().walk()}


def content_of(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def calendar(mail: EmailMultiAlternatives) -> Any:
    [event] = Calendar.from_ical(content_of(parts(mail)["text/calendar"])).walk("VEVENT")
    return event


def test_every_kind_that_is_mailed_has_words(cast: Cast) -> None:
    elsewhere = {"daily_digest", "weekly_report", "standing_order", "welcome", "password_reset"}
    mailed = {name for name, kind in KINDS.items() if Channel.EMAIL in kind.channels}
    assert {kind for kind in mailed if not kind.startswith(("invoice", "statement"))} == (
        set(RIDES) | elsewhere
    )


def test_pia_reads_spanish_at_her_own_clock(cast: Cast) -> None:
    User.objects.filter(pk=cast.pia.pk).update(time_zone="America/New_York")
    Patient.objects.update(language="es-MX")
    cast.pia.refresh_from_db()
    mail = compose(row("booked", at(cast.trip_in("scheduled")), cast.pia))
    assert mail.subject.endswith("está reservado")
    assert "lunes 1 de marzo, 02:30" in mail.body
    assert "Hola, Pia:" in mail.body
    assert "Hora de New York" in mail.body
    assert mail.extra_headers["Content-Language"] == "es"


def test_her_account_decides_before_her_record(cast: Cast) -> None:
    cast.pia.language = "es"
    cast.pia.save()
    Patient.objects.update(language="en")
    assert "Su viaje" in compose(row("booked", cast.trip_in("scheduled"), cast.pia)).subject


def test_a_patient_without_an_account_reads_her_records_language_and_zone(cast: Cast) -> None:
    Patient.objects.update(user=None, language="es", time_zone="America/Bogota")
    trip = at(cast.trip_in("scheduled"))
    mail = compose(row("booked", trip, address="pia@home.invalid"))
    assert mail.to == ["pia@home.invalid"]
    assert "lunes 1 de marzo, 02:30" in mail.body
    assert "\nHola:\n" in mail.body


def test_an_unknown_language_and_zone_are_the_companys(cast: Cast) -> None:
    User.objects.filter(pk=cast.pia.pk).update(time_zone="Mars/Olympus", language="tlh")
    cast.pia.refresh_from_db()
    mail = compose(row("booked", at(cast.trip_in("scheduled")), cast.pia))
    assert "Monday, March 1, 8:30 a.m." in mail.body


def test_the_calendar_entry_keeps_its_name_and_counts_up(cast: Cast) -> None:
    trip = at(cast.trip_in("scheduled"))
    booked = calendar(compose(row("booked", trip, cast.pia)))
    cast.tap(trip, Action.CANCEL, reason="double")
    gone = calendar(compose(row("trip_cancelled", trip, cast.pia)))
    assert booked["uid"] == gone["uid"]
    assert gone["sequence"] > booked["sequence"]
    assert (booked["status"], gone["status"]) == ("CONFIRMED", "CANCELLED")
    assert booked["dtstart"].dt == MORNING
    said = booked.to_ical().decode()
    assert "LOCATION" not in said
    assert "GEO" not in said


def test_a_calendar_file_is_published_not_an_invitation_to_answer(cast: Cast) -> None:
    mail = compose(row("booked", at(cast.trip_in("scheduled")), cast.pia))
    part = parts(mail)["text/calendar"]
    assert part.get_param("method") == "PUBLISH"
    assert part.get_filename() == f"trip-{mail.subject.split()[2]}.ics"


def test_a_moved_trip_tells_both_times(cast: Cast) -> None:
    trip = at(cast.trip_in("scheduled"))
    trip.refresh_from_db()
    later = MORNING + timedelta(days=1, hours=2)
    change_trip(
        trip_id=trip.pk,
        user=cast.dina,
        expected_version=trip.version,
        fields={"scheduled_at": later},
    )
    event = TripEvent.objects.get(trip=trip, event="trip.changed")
    mail = compose(row("time_changed", trip, cast.pia, key=f"event:{event.pk}"))
    assert "Tuesday, March 2, 10:30 a.m. (instead of Monday, March 1, 8:30 a.m.)" in mail.body


def test_the_driver_reads_other_words_than_the_patient(cast: Cast) -> None:
    trip = at(cast.trip_in("assigned"))
    to_omar = compose(row("time_changed", trip, cast.omar))
    to_pia = compose(row("time_changed", trip, cast.pia))
    assert to_omar.subject == f"Trip {trip.pk} has a new time"
    assert "/trips/confirm/" not in to_omar.body
    assert "/trips/confirm/" in to_pia.body


def test_a_delay_names_the_time_that_is_expected(cast: Cast) -> None:
    trip = at(cast.trip_in("en_route_pickup"))
    expected = MORNING + timedelta(minutes=25)
    TripEta.objects.update_or_create(
        trip=trip, defaults={"eta": expected, "risk": "late", "updated_at": MORNING}
    )
    body = compose(row("delayed", trip, cast.pia)).body
    assert "8:55 a.m. (instead of 8:30 a.m.)" in body
    assert "/track/" in body


def test_names_addresses_and_notes_stay_at_home(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup", notes="dialysis, hepatitis", needs=["oxygen"])
    for kind in RIDES:
        for reader in (cast.pia, cast.omar):
            mail = compose(row(kind, trip, reader, key=f"{kind}{reader.pk}"))
            whole = " ".join(
                [str(mail.subject), str(mail.body), *read(str(mail.alternatives[0][0])).words]
            )
            # A signed link is random letters, which may spell any short name.
            whole = re.sub(r"https?://\S+", "", whole)
            for secret in ("Ek", "Götgatan", "Eastside", "hepatitis", "oxygen", "57.7"):
                assert secret not in whole
            assert "Pia" not in mail.subject


def test_a_logo_travels_with_the_mail_and_a_broken_one_does_not(cast: Cast) -> None:
    svg = (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
    )
    trip = cast.trip_in("scheduled")
    for n, (logo, shown) in enumerate([(svg, True), (b"<svg", False), (b"GIF89a\xff", False)]):
        Company.objects.update(logo=logo)
        mail = compose(row("booked", trip, cast.pia, key=str(n)))
        assert ("image/png" in parts(mail)) == shown
        assert ("cid:logo" in str(mail.alternatives[0][0])) == shown


def test_answers_go_to_the_dispatch_and_machines_do_not_answer(cast: Cast) -> None:
    Company.objects.update(email="dispatch@nordic.invalid", phone="+46 31 700 00 00")
    mail = compose(row("booked", cast.trip_in("scheduled"), cast.pia))
    assert mail.reply_to == ["dispatch@nordic.invalid"]
    assert "or call us: +46 31 700 00 00" in mail.body
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_kind_that_nobody_wrote_words_for_says_its_message(cast: Cast) -> None:
    mail = compose(row("surprise", user=cast.dina, message="The yard is closed."))
    assert mail.subject == "A message from Nordic Care Rides"
    assert "The yard is closed." in mail.body


def test_a_trip_that_is_gone_is_no_mail(cast: Cast) -> None:
    with pytest.raises(Trip.DoesNotExist):
        compose(row("booked", user=cast.pia, trip_id=10**9))
