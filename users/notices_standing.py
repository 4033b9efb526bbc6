"""One mail for a change of a standing order, instead of one for each of its trips."""

from django.core.mail import EmailMultiAlternatives

from trips.models import StandingOrder, StandingOrderEvent
from trips.standing_orders.plans import rhythm_of
from users.mails import post
from users.mails.standing import standing_letter
from users.models import Notification
from users.notifications import mail


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
    """The mail of one change in words."""
    event = _event(int(row.key.partition(":")[2]))
    # Of a change from a day on, the order that holds from then on.
    order = StandingOrder.objects.get(pk=event.data.get("by", event.order_id))
    plan = rhythm_of(order)
    return post(row, lambda reader: standing_letter(order.pk, plan, event.kind, event.data, reader))


def _event(event_id: int) -> StandingOrderEvent:
    return StandingOrderEvent.objects.select_related("order__patient__user").get(pk=event_id)
