"""What each audience may read of a trip: the one place that withholds.

dispatch   everything (dispatchers, administrators, billers)
driver     what the job needs: the patient's name, both addresses, needs and notes
requester  the patient and their facility: all but other people's data
public     a tracking link: status, times, vehicle, the driver's first name, the
           neighbourhood but no address
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from trips import changes, timers
from trips.access import actors
from trips.board import EtaRow
from trips.lifecycle import ENDED, STARTED, Status, possible
from trips.models import Driver, Trip, TripEta
from trips.realtime import messages
from trips.realtime.messages import Named, Place, iso
from users.models import User
from users.roles import Permission, Role


class Audience(StrEnum):
    """For whom a trip is shown."""

    DISPATCH = "dispatch"
    DRIVER = "driver"
    REQUESTER = "requester"
    PUBLIC = "public"


def audience_of(user: User) -> Audience:
    """How much of a visible trip `user` may read."""
    if user.may(Permission.SEE_ALL_TRIPS):
        return Audience.DISPATCH
    return Audience.DRIVER if user.role == Role.DRIVER else Audience.REQUESTER


def trip_view(trip: Trip, audience: Audience) -> messages.Trip:
    """`trip` for `audience`; its relations should be joined (`queries.with_related`)."""
    public = audience is Audience.PUBLIC
    billing = audience in (Audience.DISPATCH, Audience.REQUESTER)
    return messages.Trip(
        id=trip.pk,
        status=trip.status,
        version=trip.version,
        mobility=trip.mobility,
        pickup=_place(trip, "pickup", hidden=public),
        dropoff=_place(trip, "dropoff", hidden=public),
        scheduled_at=iso(trip.scheduled_at) if trip.scheduled_at else None,
        window_minutes=trip.window_minutes,
        appointment_at=iso(trip.appointment_at) if trip.appointment_at else None,
        state_since=iso(trip.state_since),
        driver=_driver(trip.driver, first_name_only=audience not in _KNOWS_DRIVER),
        vehicle=Named(trip.vehicle.pk, trip.vehicle.name) if trip.vehicle else None,
        patient=None if public else Named(trip.patient_id, trip.patient.name),
        needs=None if public else list(trip.needs),
        escorts=None if public else trip.escorts,
        notes=None if public else trip.notes,
        facility=Named(trip.facility.pk, trip.facility.name) if billing and trip.facility else None,
        payer=Named(trip.payer.pk, trip.payer.name) if billing and trip.payer else None,
        return_of=None if public else trip.return_of_id,
        ready_at=iso(trip.ready_at) if trip.ready_at else None,
        wait_and_return=trip.wait_and_return,
        pinned=trip.pinned,
        stuck_at=_stuck_at(trip) if audience is Audience.DISPATCH else None,
    )


_KNOWS_DRIVER = (Audience.DISPATCH, Audience.DRIVER)


#: Decimals of a degree that a public link shows: about 100 m.
PUBLIC_DECIMALS = 3


def _stuck_at(trip: Trip) -> str | None:
    at = timers.stuck_at(
        Status(trip.status),
        state_since=trip.state_since,
        scheduled_at=trip.scheduled_at,
        wait_and_return=trip.wait_and_return,
    )
    return iso(at) if at else None


def _place(trip: Trip, end: str, *, hidden: bool) -> Place:
    latitude: float = getattr(trip, f"{end}_latitude")
    longitude: float = getattr(trip, f"{end}_longitude")
    if hidden:
        return Place(round(latitude, PUBLIC_DECIMALS), round(longitude, PUBLIC_DECIMALS))
    return Place(latitude, longitude, getattr(trip, f"{end}_address"))


def _driver(driver: Driver | None, *, first_name_only: bool) -> Named | None:
    if driver is None:
        return None
    user = driver.user
    name = (user.first_name or "Driver") if first_name_only else user.display_name
    return Named(driver.pk, name)


def eta_view(row: TripEta | EtaRow, status: str, audience: Audience) -> messages.Eta | None:
    """The estimate of a trip in `status` for `audience`, None where it is not for them.

    Who asked for the trip is told when and how late. A tracking link says to the minute when
    the vehicle that is under way arrives. Ended trips have none.
    """
    public = audience is Audience.PUBLIC
    if status in ENDED or (public and status not in STARTED):
        return None
    inside = audience in _KNOWS_DRIVER
    eta = row.eta.replace(second=0, microsecond=0) if row.eta and public else row.eta
    return messages.Eta(
        trip_id=row.trip_id,
        eta=iso(eta) if eta else None,
        lateness_s=None if public else row.lateness_s,
        risk=row.risk,
        why=row.why if inside else "",
        suggestion=row.suggestion or None if inside else None,
    )


def etas_of(trips: Iterable[Trip], audience: Audience) -> list[messages.Eta]:
    """The estimates of those of `trips` (`queries.with_related`) that have one for `audience`."""
    found = [(row, trip.status) for trip in trips if (row := getattr(trip, "eta", None))]
    return [view for row, status in found if (view := eta_view(row, status, audience))]


def trip_for(trip: Trip, user: User) -> messages.TripWithActions:
    """`trip` as the HTTP API answers it to `user`."""
    audience = audience_of(user)
    view = trip_view(trip, audience)
    actions = [
        messages.TripAction(action.value, list(requires))
        for action, requires in possible(Status(trip.status), actors(user, trip))
    ]
    fields = {name: getattr(view, name) for name in view.__struct_fields__}
    for eta in etas_of([trip], audience):
        fields |= msgspec.structs.asdict(eta)
    fields.pop("trip_id", None)
    if audience is Audience.DISPATCH:
        fields |= {name: getattr(trip, name) for name in _MONEY}
    changeable = _changeable(trip, user)
    return messages.TripWithActions(**fields, actions=actions, changeable=changeable)


_MONEY = ("bill_to", "copay_cents", "tolls_cents", "authorization_number")


def _changeable(trip: Trip, user: User) -> list[str]:
    """By the names of the API."""
    status = Status(trip.status)
    found = {name for actor in actors(user, trip) for name in changes.changeable(status, actor)}
    return sorted("payer_id" if name == "payer" else name for name in found)
