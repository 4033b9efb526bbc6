"""The outside of a mail: a caregiver in copy, and how to unsubscribe (RFC 2369, RFC 8058)."""

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives

from trips.models import Patient
from users.kinds import Channel, kind_of
from users.models import Notification
from users.pipe import is_suppressed

SALT = "users.unsubscribe"


def address(mail: EmailMultiAlternatives, row: Notification) -> EmailMultiAlternatives:
    """Complete a composed mail: copy, and the headers of the one-click link."""
    caregiver = _caregiver(row)
    mail.cc = [caregiver] if caregiver else []
    if link := unsubscribe_url(row):
        mail.extra_headers |= {
            "List-Unsubscribe": f"<{link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return mail


def unsubscribe_url(row: Notification) -> str:
    """Where the person of `row` unsubscribes from its kind; "" where it cannot be refused."""
    if row.channel != Channel.EMAIL or not kind_of(row.kind).optional:
        return ""
    return f"{settings.BASE_URL}/unsubscribe/{signing.dumps(row.pk, salt=SALT)}/"


def read_unsubscribe(signed: str) -> Notification | None:
    """The mail whose link this is. It does not expire: mails are kept for years."""
    try:
        pk = signing.loads(signed, salt=SALT)
    except signing.BadSignature:
        return None
    return Notification.objects.select_related("user").filter(pk=pk).first()


def _caregiver(row: Notification) -> str:
    """The caregiver of the patient whom this mail is for; "" where there is none, or it bounced."""
    if not kind_of(row.kind).copied or row.trip_id is None:
        return ""
    patient = Patient.objects.filter(trips=row.trip_id).exclude(caregiver_email="").first()
    if patient is None or not _is_for(row, patient):
        return ""
    if _is_same(patient.caregiver_email, _to(row)):
        return ""
    return "" if is_suppressed(patient.caregiver_email) else patient.caregiver_email


def _is_for(row: Notification, patient: Patient) -> bool:
    # A driver's mail of the same kind is not a caregiver's business.
    return row.user_id == patient.user_id if row.user_id else _is_same(row.address, patient.email)


def _to(row: Notification) -> str:
    return row.user.email if row.user else row.address


def _is_same(address: str, other: str) -> bool:
    # Mail servers keep one mailbox however it is spelt.
    return address.casefold() == other.casefold()
