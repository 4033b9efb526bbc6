"""Who hears of a trip: people with an active account, or the address of one without."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from trips.models import Patient, Trip
from users.kinds import Audience
from users.models import User
from users.roles import Role


@dataclass(frozen=True, slots=True)
class Recipient:
    """An account, or (`user` None) an address. `time_zone` "": the company's."""

    user: User | None = None
    address: str = ""
    time_zone: str = ""

    @property
    def email(self) -> str:
        return self.user.email if self.user else self.address


@dataclass(frozen=True, slots=True)
class About:
    """A trip, who had it before (a driver's id), and the account that acted: it is not told."""

    trip: Trip
    former_driver_id: int | None = None
    actor_id: int | None = None


def find(audience: Audience, about: About) -> list[Recipient]:
    """The people of an audience, in the order of their accounts."""
    return [
        one
        for one in _FINDERS[audience](about)
        if one.user is None or one.user.pk != about.actor_id
    ]


def of_patient(patient: Patient) -> Recipient | None:
    """The patient's account where there is one, else their address; None for neither."""
    user = patient.user
    if user is None:
        zone = patient.time_zone
        return Recipient(address=patient.email, time_zone=zone) if patient.email else None
    return (
        Recipient(user, time_zone=user.time_zone or patient.time_zone) if user.is_active else None
    )


def accounts(users: Iterable[User]) -> list[Recipient]:
    """Each account in its own time zone."""
    return [Recipient(user, time_zone=user.time_zone) for user in users]


def of_role(*roles: Role) -> "QuerySet[User]":
    """The active accounts of these roles."""
    return User.objects.filter(role__in=roles, is_active=True).order_by("pk")


def _patient(about: About) -> list[Recipient]:
    # What a standing order takes back is told in one mail for all of its trips.
    found = None if about.trip.withdrawn else of_patient(about.trip.patient)
    return [found] if found else []


def _facility(about: About) -> list[Recipient]:
    if about.trip.facility_id is None or about.trip.withdrawn:
        return []
    return accounts(of_role(Role.FACILITY).filter(facilities=about.trip.facility_id))


def _driver(about: About) -> list[Recipient]:
    return _drivers(about.trip.driver_id)


def _former_driver(about: About) -> list[Recipient]:
    return _drivers(about.former_driver_id)


def _drivers(driver_id: int | None) -> list[Recipient]:
    # `driver__pk=None` would find everybody who is no driver.
    return accounts(User.objects.filter(driver__pk=driver_id or 0, is_active=True))


def _dispatchers(about: About) -> list[Recipient]:
    return accounts(of_role(Role.DISPATCHER))


_FINDERS: dict[Audience, Callable[[About], list[Recipient]]] = {
    Audience.DRIVER: _driver,
    Audience.FORMER_DRIVER: _former_driver,
    Audience.PATIENT: _patient,
    Audience.FACILITY: _facility,
    Audience.DISPATCHERS: _dispatchers,
}
