"""One mail for a change of a standing order, instead of one for each of its trips."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from trips.dispatch.standing_orders import describe
from trips.models import Company, StandingOrder, StandingOrderEvent
from trips.standing_orders.plans import rhythm_of
from users.models import Notification
from users.notifications import mail

#: What the mail says of each kind of change, by the days of the event's data.
_SENTENCES = {
    "created": "begins on {first_day}",
    "approved": "is agreed and begins on {first_day}",
    "changed": "has changed",
    "succeeded": "changes from {from}",
    "paused": "is paused from {from}",
    "resumed": "goes on from {from}",
    "skipped": "is left out on {day}",
    "restored": "is driven on {day} after all",
    "ended": "ends: there are no trips from {from} on",
}


def tell_patient(event_id: int) -> str:
    """Handler of `standing_order.changed`: the patient is told by one mail. May run twice."""
    event = _event(event_id)
    patient = event.order.patient
    key = f"standing_order_event:{event.pk}"
    if patient.user is None:
        mail(kind="standing_order", key=key, address=patient.email)
    elif patient.user.is_active:
        mail(kind="standing_order", key=key, user=patient.user)
    return f"patient told of standing order {event.order_id}"


def compose(row: Notification) -> EmailMultiAlternatives:
    """The mail of one change in words: days, times and numbers, and no reason."""
    event = _event(int(row.key.partition(":")[2]))
    company = Company.get()
    body = render_to_string("users/mail/standing_order.txt", _context(event, company))
    return EmailMultiAlternatives(
        subject=f"Your standing order {event.order_id}",
        body=body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[row.user.email if row.user else row.address],
        reply_to=[company.email] if company.email else None,
    )


def _context(event: StandingOrderEvent, company: Company) -> dict[str, Any]:
    # Of a change from a day on, the order that holds from then on.
    order = StandingOrder.objects.get(pk=event.data.get("by", event.order_id))
    days = {"first_day": order.first_day, **event.data}
    sentence = _SENTENCES[event.kind].format(**days)
    if until := event.data.get("to"):
        sentence += f" to {until}"
    return {
        "company": company,
        "order": order,
        "words": describe(rhythm_of(order)),
        "sentence": sentence,
        "withdrawn": event.data["withdrawn"],
        "made": event.data["made"],
        "left": event.data["left"],
    }


def _event(event_id: int) -> StandingOrderEvent:
    return StandingOrderEvent.objects.select_related("order__patient__user").get(pk=event_id)
