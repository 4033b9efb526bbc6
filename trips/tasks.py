"""The trips tasks. Each parses and calls; what they do stands in services and the relay."""

from celery import shared_task
from django.utils import timezone

from trips import alerts, attachments, cleanup, exports, fleet, places, task_runs, timekeeping
from trips.dispatch import assign, live_eta
from trips.events import relay
from trips.events.streams import BOARD, trip_stream, user_stream
from trips.evidence import late
from trips.intake.service import run_import
from trips.lifecycle import Status
from trips.models import Delivery, Trip, TripEvent
from trips.realtime import resume
from trips.realtime.broadcast import LiveFix, ring_streams, send_positions
from trips.reports.rollup import roll_up
from trips.standing_orders.materialise import materialise_due
from trips.tracking import positions
from trips.tracking.live import live_fix
from trips.tracking.retention import roll_days
from users.mailer import sweep_mail


@shared_task(max_retries=0, expires=30)
def broadcast_gps_update(
    trip_id: int,
    latitude: float,
    longitude: float,
    speed: float | None = None,
    heading: float | None = None,
) -> str:
    """Send one live frame for a trip; stores nothing. Degrees, m/s. Never retried: it is stale.

    Works for a trip id that is not in the database; ValueError for what is no position.
    """
    send_positions([live_fix(trip_id, latitude, longitude, speed, heading)])
    return f"GPS update broadcast for trip {trip_id}"


@shared_task(max_retries=0, expires=30, ignore_result=True)
def broadcast_gps_batch(fixes: list[LiveFix]) -> str:
    """Send the newest positions of several vehicles as one message (the GPS door's)."""
    send_positions(fixes)
    return f"GPS update broadcast for {len(fixes)} vehicles"


@shared_task(max_retries=0, expires=60)
def broadcast_trip_status(trip_id: int, status: str, message: str = "") -> str:
    """Ring for a trip's committed events; sends nothing where `status` is not the trip's."""
    trip = Trip.objects.select_related("driver").filter(pk=trip_id).first()
    if trip is None:
        return f"trip {trip_id} is unknown: nothing sent"
    if trip.status != status:
        return f"trip {trip_id} is {trip.status}, not {status}: nothing sent"
    names = [BOARD, trip_stream(trip_id), *map(user_stream, _watchers(trip))]
    ring_streams(resume.heads(names), message)
    return f"trip {trip_id} status broadcast: {status}"


def _watchers(trip: Trip) -> list[int]:
    """The driver's account, or the one of who had the trip until the newest event."""
    if trip.driver is not None:
        return [trip.driver.user_id]
    last = trip.assignments.select_related("driver").order_by("-pk").first()
    return [last.driver.user_id] if last else []


@shared_task(max_retries=0, expires=60, ignore_result=True)
def ring(streams: list[str]) -> str:
    """Ring for streams that got new entries, e.g. a person's notifications."""
    ring_streams(resume.heads(streams))
    return f"rang {len(streams)} streams"


@shared_task(max_retries=0, ignore_result=True)
def deliver(topic: str, subject_id: int, subscriber: str, attempt: int) -> str:
    """Run one delivery of the outbox; retried by the relay only: one clock."""
    return relay.run(topic, subject_id, subscriber, attempt)


@shared_task(max_retries=0, expires=60, ignore_result=True)
def sweep() -> str:
    """Queue again what a crash or an absent broker left behind."""
    swept = f"{relay.sweep()} deliveries, {sweep_mail()} mails, {task_runs.sweep()} jobs"
    return f"{swept}, {positions.heal()} positions"


@shared_task(max_retries=0, ignore_result=True)
def export_trips(run_id: str, attempt: int) -> str:
    """The long job of `POST /api/trips/export/`; retried by the sweeper only."""
    return task_runs.work_on(run_id, attempt, exports.export)


@shared_task(max_retries=0, ignore_result=True)
def import_trips(run_id: str, attempt: int) -> str:
    """The long job of `POST /api/trips/import/`; retried by the sweeper only."""
    return task_runs.work_on(run_id, attempt, run_import)


@shared_task(max_retries=0, ignore_result=True)
def process_attachment(run_id: str, attempt: int) -> str:
    """The job behind `POST /api/trips/{id}/attachments/`; retried by the sweeper only."""
    return task_runs.work_on(run_id, attempt, attachments.process)


@shared_task(max_retries=0, ignore_result=True)
def auto_assign_day(run_id: str, attempt: int) -> str:
    """The long job of `POST /api/dispatch/auto-assign/`; retried by the sweeper only."""
    return task_runs.work_on(run_id, attempt, assign.assign_day)


@shared_task(max_retries=0, ignore_result=True)
def auto_assign_trip(run_id: str, attempt: int) -> str:
    """The long job of `POST /api/trips/{id}/auto-assign/`; retried by the sweeper only."""
    return task_runs.work_on(run_id, attempt, assign.assign_trip)


@shared_task
def process_trip_completion(trip_id: int) -> str:
    """Run what is owed to a completed trip: invoice, notices, vehicle free. Idempotent."""
    event = TripEvent.objects.filter(
        trip_id=trip_id, event="trip.completed", trip__status=Status.COMPLETED
    ).last()
    if event is None:
        return f"trip {trip_id} is not completed: nothing to do"
    owed = Delivery.objects.filter(topic="trip.completed", subject_id=event.pk)
    for row in owed.filter(state=Delivery.State.PENDING):
        relay.run(row.topic, row.subject_id, row.subscriber, row.attempts)
    return f"trip {trip_id} completion processed"


@shared_task(max_retries=0, expires=10, ignore_result=True)
def update_etas() -> str:
    """Estimate all open trips anew. Never retried: the next round is 5 s away."""
    return f"{live_eta.update_etas()} estimates changed"


@shared_task(max_retries=0, ignore_result=True)
def learn_places() -> str:
    """Count the addresses of new trips into the address book; the next round goes on."""
    return f"{places.learn()} trips learned"


@shared_task
def cleanup_old_gps_data() -> str:
    """Make the partitions of the days ahead and drop those past the kept days."""
    made, dropped = roll_days()
    return f"{made} days made, {dropped} dropped"


@shared_task(max_retries=0, expires=60, ignore_result=True)
def measure_late_data() -> str:
    """Measure completed trips again for which positions or taps arrived late."""
    return f"{late.mark_stale()} trips have late data, {late.measure_stale()} measured again"


@shared_task
def check_trip_timeouts() -> str:
    """Flag trips that have been in one driver's state for too long, once each."""
    return f"{timekeeping.flag_stuck()} trips flagged"


@shared_task(max_retries=0, expires=60)
def run_timers() -> str:
    """Send assigned trips out before their time, give up those that nobody started."""
    return timekeeping.run_timers()


@shared_task(max_retries=0, expires=30)
def watch_alerts() -> str:
    """Tell administrators of urgent alarms left alone, raise alerts for late will-calls."""
    return f"{alerts.escalate()} escalated, {alerts.watch_will_calls()} will-calls late"


@shared_task
def warn_of_expiries() -> str:
    """Warn 30, 14, 7, 1 and 0 days ahead that a driver's or a vehicle's paper runs out."""
    return f"{fleet.warn_of_expiries()} warnings"


@shared_task
def forget_old_task_records() -> str:
    """Delete long jobs with their files after a week, failures after three months."""
    runs, failures = task_runs.forget_old()
    return f"{runs} jobs and {failures} failures forgotten"


@shared_task
def cleanup_old_records() -> str:
    """Forget old tap answers, quarantined fixes, done deliveries, messages, used uploads. Daily."""
    return ", ".join(f"{count} {what}" for what, count in cleanup.cleanup().items())


@shared_task
def roll_up_days() -> str:
    """Compute the reports' tables for the last days, and for days with late data."""
    return f"{roll_up(timezone.now())} days rolled up"


@shared_task
def materialise_standing_orders() -> str:
    """Make the trips of all standing orders up to the company's horizon. Idempotent."""
    made, orders = materialise_due(timezone.now())
    return f"{made} trips made of {orders} standing orders"
