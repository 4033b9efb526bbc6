"""What follows an event: topic -> subscribers, each on its queue.

A handler takes the subject's id (a `TripEvent` for `trip.…`, an invoice for `invoice.…`, an
`Alert` for `alert.…`), may
run twice, and is run by `trips.events.relay` inside the transaction that marks it done.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A handler by its dotted path, and the queue that it runs on."""

    path: str
    queue: str

    def load(self) -> Callable[[int], object]:
        """The handler itself."""
        handler: Callable[[int], object] = import_string(self.path)
        return handler


SUBSCRIBERS = {
    "completion": Subscriber("trips.services.finish_completion", "normal"),
    "measurement": Subscriber("trips.evidence.measurement.measure_completed_trip", "normal"),
    "invoice": Subscriber("billing.invoices.follow_trip", "normal"),
    "statement_mail": Subscriber("billing.statements.queue_statement", "low_priority"),
    "settlement": Subscriber("billing.payments.settle_credit_note", "normal"),
    "invoice_mail": Subscriber("billing.mail.queue_invoice", "low_priority"),
    "assignment_notice": Subscriber("users.notifications.notify_assignment", "normal"),
    # An emergency overtakes everything else that waits.
    "alert_notices": Subscriber("users.notifications.notify_alert", "high_priority"),
    "trip_notices": Subscriber("users.notifications.notify_trip_event", "low_priority"),
    "escalation_notices": Subscriber("users.notices_fleet.tell_escalation", "high_priority"),
    "message_notices": Subscriber("users.notices_fleet.tell_message", "high_priority"),
    "shift_notices": Subscriber("users.notices_fleet.tell_shift_ended", "normal"),
    "expiry_notices": Subscriber("users.notices_fleet.tell_expiry", "low_priority"),
    "standing_order_notice": Subscriber("users.notices_standing.tell_patient", "low_priority"),
    "vehicle_trips": Subscriber("trips.fleet.free_trips", "normal"),
}

SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "trip.scheduled": ("trip_notices",),
    "trip.rejected": ("trip_notices",),
    "trip.ready": ("trip_notices",),
    "trip.assigned": ("assignment_notice", "trip_notices"),
    "trip.transferred": ("assignment_notice", "trip_notices"),
    "trip.en_route_pickup": ("trip_notices",),
    "trip.arrived_pickup": ("trip_notices",),
    "trip.picked_up": ("trip_notices",),
    "trip.arrived_dropoff": ("trip_notices",),
    "trip.missed": ("trip_notices",),
    "trip.cancelled": ("trip_notices", "invoice"),
    "trip.unassigned": ("trip_notices",),
    "trip.declined": ("trip_notices",),
    "trip.stuck": ("trip_notices",),
    "trip.completed": ("completion", "measurement", "invoice", "trip_notices"),
    "trip.no_show": ("trip_notices", "invoice"),
    # What was billed may have become wrong.
    "trip.undone": ("trip_notices", "invoice"),
    "trip.changed": ("trip_notices", "invoice"),
    "trip.remeasured": ("invoice",),
    "alert.raised": ("alert_notices",),
    "alert.escalated": ("escalation_notices",),
    "message.sent": ("message_notices",),
    "shift.ended": ("shift_notices",),
    "paper.expiring": ("expiry_notices",),
    # Its subject is the alert that tells of it: a vehicle may go out of service again.
    "vehicle.out_of_service": ("vehicle_trips",),
    "standing_order.changed": ("standing_order_notice",),
    "invoice.issued": ("settlement", "invoice_mail"),
    "statement.issued": ("statement_mail",),
}

#: Lives through the demo's past, down to its invoices and payments.
DEMO_HISTORY = "billing.demo_history.seed_history"
#: Kinds of mail that are put into words elsewhere than in `users.mails`.
MAIL_COMPOSERS = {
    "invoice": "billing.mail.compose_invoice",
    "statement": "billing.mail.compose_statement",
    "invoice_reminder": "billing.reminder_mail.compose",
    "invoice_second_reminder": "billing.reminder_mail.compose",
    "invoice_final_notice": "billing.reminder_mail.compose",
    "daily_digest": "users.digests.compose_digest",
    "weekly_report": "users.digests.compose_report",
    "standing_order": "users.notices_standing.compose",
}
#: What follows a mail of such a kind once the mail server has taken it.
AFTER_MAIL = {
    "invoice": "billing.mail.mark_sent",
    "statement": "billing.statements.mark_sent",
}
