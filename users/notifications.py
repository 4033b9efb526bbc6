"""Who is told what, through which channel, in which words. One event, one notice.

A `Notification` row is unique on (key, kind, channel, person) and exists before anything is
sent: a handler that runs twice writes nothing the second time.
"""

from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.module_loading import import_string

from config.subscriptions import MAIL_COMPOSERS
from trips import links
from trips.events.log import recording
from trips.models import Alert, Company, Trip, TripEvent
from users import mailer
from users.models import Notification, User
from users.roles import Role

Channel = Notification.Channel

#: Subjects carry no name, address or diagnosis: they show on locked screens.
SUBJECTS = {
    "welcome": "Welcome to {company}",
    "trip_assigned": "Trip {trip_id} is assigned to you",
    "trip_withdrawn": "Trip {trip_id} is no longer yours",
    "on_the_way": "Your driver is on the way",
    "trip_cancelled": "Trip {trip_id} was cancelled",
}
#: What the app shows; the same rule as for subjects.
MESSAGES = {
    "trip_assigned": "Trip {trip_id} is assigned to you.",
    "trip_withdrawn": "Trip {trip_id} is no longer yours.",
    "trip_cancelled": "Trip {trip_id} was cancelled.",
    "trip_declined": "Trip {trip_id} was declined by its driver.",
    "alert": 'Alarm "{kind}" from {source} (alert {alert_id}).',
    "trip_stuck": "Trip {trip_id} has been in one state for too long.",
}


def tell(
    users: Iterable[User], *, kind: str, key: str, message: str, trip_id: int | None = None
) -> int:
    """Write an in-app notice to each of `users` once per `key`; how many were new."""
    new = 0
    with recording() as log:
        for user in users:
            row, created = Notification.objects.get_or_create(
                user=user,
                address="",
                channel=Channel.IN_APP,
                kind=kind,
                key=key,
                defaults={
                    "trip_id": trip_id,
                    "message": message[:2000],
                    "state": Notification.State.SENT,
                    "due_at": timezone.now(),
                    "sent_at": timezone.now(),
                },
            )
            if created:
                log.notification(row)
                new += 1
    return new


def mail(
    *, kind: str, key: str, user: User | None = None, address: str = "", trip_id: int | None = None
) -> bool:
    """Queue one mail to a person, or to an address without account; False: already queued."""
    if not (user.email if user else address):
        return False
    row, created = Notification.objects.get_or_create(
        user=user,
        address="" if user else address,
        channel=Channel.EMAIL,
        kind=kind,
        key=key,
        defaults={"trip_id": trip_id, "due_at": timezone.now() + mailer.SWEEP_AFTER},
    )
    if created:
        transaction.on_commit(lambda: mailer.queue_mail(row))
    return created


def compose(row: Notification) -> EmailMultiAlternatives:
    """The mail of `row` in words, from the templates of its kind."""
    if row.kind in MAIL_COMPOSERS:
        composed: EmailMultiAlternatives = import_string(MAIL_COMPOSERS[row.kind])(row)
        return composed
    company = Company.get()
    trips = Trip.objects.select_related("driver__user", "vehicle")
    trip = trips.filter(pk=row.trip_id or 0).first()
    context = {
        "company": company,
        "user": row.user,
        "trip": trip,
        "message": row.message,
        "link": links.url(trip.pk) if trip else "",
        "base_url": settings.BASE_URL,
    }
    subject = SUBJECTS.get(row.kind, "A message from {company}")
    return EmailMultiAlternatives(
        subject=subject.format(company=company.name, trip_id=row.trip_id),
        body=render_to_string(f"users/mail/{row.kind}.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[row.user.email if row.user else row.address],
        reply_to=[company.email] if company.email else None,
    )


# --- handlers of events


def notify_assignment(event_id: int) -> str:
    """The driver who got the trip is told, in the app and by mail."""
    event = TripEvent.objects.select_related("trip").get(pk=event_id)
    driver = User.objects.filter(driver__pk=event.data.get("driver_id"), is_active=True).first()
    if driver is None:
        return "no driver to tell"
    trip_id = event.trip_id
    key = f"assignment:{trip_id}:{event.data['driver_id']}:{event.version}"
    message = MESSAGES["trip_assigned"].format(trip_id=trip_id)
    # One recording: two would lock the two drivers' streams in no fixed order.
    with recording():
        tell([driver], kind="trip_assigned", key=key, message=message, trip_id=trip_id)
        mail(kind="trip_assigned", key=key, user=driver, trip_id=trip_id)
        _withdraw(event, now_driver_id=event.data["driver_id"])
    return f"driver of trip {trip_id} told"


def _withdraw(event: TripEvent, *, now_driver_id: int | None) -> None:
    """Who had the trip before learns that it is gone."""
    if event.data.get("before", {}).get("driver_id") != now_driver_id:
        _tell_former_driver(event, "trip_withdrawn")


def notify_trip_event(event_id: int) -> str:
    """Everybody else who is told of an event, by the table below."""
    event = TripEvent.objects.select_related("trip__patient__user").get(pk=event_id)
    _REACTIONS[event.event](event)
    return f"{event.event} of trip {event.trip_id} told"


def _on_the_way(event: TripEvent) -> None:
    # Inferred: the driver is at the door already, or the patient aboard.
    if not event.inferred:
        mail_patient(event.trip, kind="on_the_way", key=f"event:{event.pk}")


def _cancelled(event: TripEvent) -> None:
    _tell_former_driver(event, "trip_cancelled")
    # What a standing order took back is told in one mail for all of its trips.
    if event.source != TripEvent.Source.REQUESTER and not event.trip.withdrawn:
        mail_patient(event.trip, kind="trip_cancelled", key=f"event:{event.pk}")


def _unassigned(event: TripEvent) -> None:
    _withdraw(event, now_driver_id=None)


def _tell_former_driver(event: TripEvent, kind: str) -> None:
    # `driver__pk=None` would find everybody who is no driver.
    driver_id = event.data.get("before", {}).get("driver_id") or 0
    drivers = User.objects.filter(driver__pk=driver_id, is_active=True)
    message = MESSAGES[kind].format(trip_id=event.trip_id)
    tell(drivers, kind=kind, key=f"event:{event.pk}", message=message, trip_id=event.trip_id)


def _tell_dispatchers(event: TripEvent) -> None:
    kind = event.event.replace(".", "_")
    dispatchers = User.objects.filter(role=Role.DISPATCHER, is_active=True)
    message = MESSAGES[kind].format(trip_id=event.trip_id)
    tell(dispatchers, kind=kind, key=f"event:{event.pk}", message=message, trip_id=event.trip_id)


def notify_alert(alert_id: int) -> str:
    """Every dispatcher is told of an alarm, in the app."""
    alert = Alert.objects.select_related("vehicle", "driver__user").get(pk=alert_id)
    source = alert.vehicle or alert.driver
    said = MESSAGES["alert"].format(kind=alert.kind, source=source, alert_id=alert_id)
    message = alert.message or said
    dispatchers = User.objects.filter(role=Role.DISPATCHER, is_active=True)
    key = f"alert:{alert_id}"
    told = tell(dispatchers, kind="alert", key=key, message=message, trip_id=alert.trip_id)
    return f"{told} told of alert {alert_id}"


_REACTIONS = {
    "trip.en_route_pickup": _on_the_way,
    "trip.cancelled": _cancelled,
    "trip.unassigned": _unassigned,
    "trip.declined": _tell_dispatchers,
    "trip.stuck": _tell_dispatchers,
}


def mail_patient(trip: Trip, *, kind: str, key: str) -> bool:
    """Mail the patient: through their account where they have one, else to their address."""
    user = trip.patient.user
    if user is not None:
        return user.is_active and mail(kind=kind, key=key, user=user, trip_id=trip.pk)
    return mail(kind=kind, key=key, address=trip.patient.email, trip_id=trip.pk)
