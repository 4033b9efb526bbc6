"""To whom a mail goes: address, language, time zone."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from trips.models import Company, Patient
from users.envelope import unsubscribe_url
from users.languages import language_of
from users.models import Notification
from users.zones import place_of, zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads one mail, and whom it comes from. `first_name` is empty where nobody is known."""

    company: Company
    address: str
    language: str
    zone: ZoneInfo
    first_name: str = ""
    unsubscribe_url: str = ""

    @property
    def place(self) -> str:
        """Whose time it is: New York."""
        return place_of(self.zone)


def reader_of(row: Notification) -> Reader:
    """Who the mail of `row` is for; a patient also where they have no account."""
    company, patient = Company.get(), _patient(row)
    user = row.user
    return Reader(
        company=company,
        address=user.email if user else row.address,
        language=language_of([user.language if user else "", patient.language if patient else ""]),
        zone=zone_of(
            user.time_zone if user else "",
            patient.time_zone if patient else "",
            company.time_zone,
        ),
        first_name=user.first_name if user else "",
        unsubscribe_url=unsubscribe_url(row),
    )


def _patient(row: Notification) -> Patient | None:
    """The patient whom `row` speaks to: by their account, else by their address."""
    if row.user is not None:
        return Patient.objects.filter(user=row.user).first()
    theirs = Patient.objects.filter(email=row.address, user=None)
    # A family may share an address: then the one who rides.
    return theirs.filter(trips=row.trip_id or 0).first() or theirs.first()
