"""The users tasks: thin doors to `users.notifications`, `users.mailer` and `users.digests`."""

from celery import Task, shared_task
from django.utils import timezone

from config.arguments import InvalidArguments
from trips.models import TripEvent
from users import cleanup, digests, mailer, reminders, webhooks
from users.audit.months import roll_months
from users.models import User
from users.notifications import compose, mail, notify_assignment, tell


def _user(user_id: int) -> User:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise InvalidArguments(f"there is no active user {user_id}")
    return user


@shared_task(bind=True)
def send_notification(self: Task, user_id: int, notification_type: str, message: str) -> str:  # type: ignore[type-arg]
    """Show `message` to a person in the app. Keyed by the task's id: a retry says it once."""
    user = _user(user_id)
    key = f"task:{self.request.id}"
    tell([user], kind=notification_type[:64], key=key, message=message)
    return f"user {user_id} notified: {notification_type}"


@shared_task
def send_welcome_email(user_id: int) -> str:
    """Queue the one welcome mail of an account."""
    new = mail(kind="welcome", key=f"user:{user_id}", user=_user(user_id))
    return f"welcome of user {user_id} {'queued' if new else 'already queued'}"


@shared_task
def send_trip_assignment_notification(trip_id: int, driver_id: int) -> str:
    """Tell a driver about the newest assignment of this trip to them, once."""
    event = TripEvent.objects.filter(
        trip_id=trip_id, event__in=["trip.assigned", "trip.transferred"], data__driver_id=driver_id
    ).last()
    if event is None:
        raise InvalidArguments(f"trip {trip_id} was never assigned to driver {driver_id}")
    return notify_assignment(event.pk)


@shared_task
def send_daily_digest(user_id: int) -> str:
    """Queue a person's digest of today; once a day."""
    return digests.queue_digest(_user(user_id))


@shared_task
def send_daily_digests() -> str:
    """Fan out: one task for each person whose local morning it is. Hourly."""
    people = digests.due(timezone.now())
    for user_id in people:
        send_daily_digest.apply_async((user_id,), ignore_result=True)
    return f"{len(people)} digests"


@shared_task
def send_weekly_reports() -> str:
    """Queue the last week's report to the administrators, once."""
    return f"{digests.queue_weekly_reports(timezone.now())} reports queued"


@shared_task
def send_reminders() -> str:
    """Remind patients of tomorrow's trips, once the hour for it has come where they are."""
    return f"{reminders.send_reminders(timezone.now())} trips reminded of"


@shared_task(expires=60)
def tell_delays() -> str:
    """Tell patients and facilities of vehicles that are late by a step more than they know."""
    return f"{reminders.tell_delays(timezone.now())} delays told"


@shared_task
def delete_expired_tokens() -> str:
    """Delete tokens and sessions that expired, and tokens of accounts idle for 30 days. Daily."""
    expired, idle = cleanup.delete_expired_tokens()
    return f"{expired} expired tokens deleted, {idle} of idle accounts"


@shared_task
def cleanup_old_notices() -> str:
    """Forget notices, webhook deliveries and enrolment links that are through and old. Daily."""
    return ", ".join(f"{count} {what}" for what, count in cleanup.cleanup().items())


@shared_task(max_retries=0, ignore_result=True)
def send_mail(notification_id: int) -> str:
    """Send one queued message; retried by the mailer's own clock."""
    return mailer.send(notification_id, compose)


@shared_task(max_retries=0, ignore_result=True)
def deliver_webhook(delivery_id: int, attempts: int) -> str:
    """Make one attempt at a delivery; retried by the sweeper's clock."""
    return webhooks.deliver(delivery_id, attempts)


@shared_task(max_retries=0, expires=30, ignore_result=True)
def sweep_webhooks() -> str:
    """Queue deliveries to webhooks whose time has come."""
    return f"{webhooks.sweep()} deliveries"


@shared_task
def roll_audit_months() -> str:
    """Make the audit's next month and drop those that are no longer kept. Daily."""
    there, dropped = roll_months()
    return f"{there} months, {dropped} dropped"
