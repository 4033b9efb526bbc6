"""Notices about shifts, vehicles and alarms, and messages: handlers of those topics."""

from trips.models import Alert, ExpiryWarning, Message, Shift
from trips.talk import KIND, key
from users.models import User
from users.pipe import tell
from users.roles import Role

_PAPERS = {
    ExpiryWarning.Paper.LICENCE: "driving licence",
    ExpiryWarning.Paper.MEDICAL: "medical certificate",
    ExpiryWarning.Paper.INSPECTION: "inspection",
    ExpiryWarning.Paper.LIFT_INSPECTION: "lift inspection",
    ExpiryWarning.Paper.INSURANCE: "insurance",
}


def tell_message(message_id: int) -> str:
    """Each recipient sees a message, once."""
    message = Message.objects.select_related("sender").get(pk=message_id)
    text = f"{message.sender.display_name}: {message.body}"
    people = message.recipients.filter(is_active=True).order_by("pk")
    told = tell(people, kind=KIND, key=key(message_id), message=text)
    return f"message {message_id} told to {told}"


def tell_shift_ended(shift_id: int) -> str:
    """A driver whose shift somebody else ended is told."""
    shift = Shift.objects.select_related("driver__user", "vehicle").get(pk=shift_id)
    user = shift.driver.user
    if shift.ended_by_id == user.pk or not user.is_active:
        return "nobody to tell"
    text = f"Your shift {shift_id} with {shift.vehicle.name} was ended for you."
    tell([user], kind="shift_ended", key=f"shift:{shift_id}:ended", message=text)
    return f"driver of shift {shift_id} told"


def tell_expiry(warning_id: int) -> str:
    """Dispatch, administrators and the driver concerned hear that a paper runs out."""
    warning = ExpiryWarning.objects.select_related("driver__user", "vehicle").get(pk=warning_id)
    holder = warning.driver or warning.vehicle
    what = f"{_PAPERS[ExpiryWarning.Paper(warning.paper)]} of {holder}"
    people = User.objects.filter(role__in=(Role.DISPATCHER, Role.ADMIN), is_active=True)
    if warning.driver is not None:
        people |= User.objects.filter(pk=warning.driver.user_id, is_active=True)
    text = f"The {what}: good until {warning.expires}."
    told = tell(people.order_by("pk"), kind="expiry", key=f"expiry:{warning_id}", message=text)
    return f"{told} told of expiry {warning_id}"


def tell_escalation(alert_id: int) -> str:
    """Administrators hear of an urgent alarm that no dispatcher has seen to."""
    alert = Alert.objects.select_related("vehicle", "driver__user").get(pk=alert_id)
    source = alert.vehicle or alert.driver or alert.device
    text = f'Nobody has seen to the alarm "{alert.kind}" from {source} yet (alert {alert_id}).'
    people = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk")
    told = tell(
        people, kind="alert", key=f"alert:{alert_id}:escalated", message=text, trip_id=alert.trip_id
    )
    return f"{told} told of alert {alert_id}"
