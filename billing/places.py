"""What stands at the two ends of a ride, as the letters of a line's modifier."""

from dataclasses import dataclass

from billing.models import PlaceCode
from billing.rates.codes import CLINIC, RESIDENCE
from trips.models import Trip
from trips.places import normalised

Found = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Letters:
    """Origin and destination, each with the reason for its letter."""

    origin: str
    destination: str
    origin_because: str
    destination_because: str

    @property
    def modifier(self) -> str:
        """Both, as one modifier."""
        return self.origin + self.destination


def letters_of(trip: Trip) -> Letters:
    """By the addresses of patient and facility; else patients ride from home, and back."""
    pickup, dropoff = _known(trip, trip.pickup_address), _known(trip, trip.dropoff_address)
    if pickup is None or dropoff is None:
        pickup, dropoff = _completed(trip, pickup, dropoff)
    return Letters(pickup[0], dropoff[0], pickup[1], dropoff[1])


def _completed(trip: Trip, pickup: Found | None, dropoff: Found | None) -> tuple[Found, Found]:
    """What is not known is the other kind of what is, else as outbound and return legs go."""
    home, clinic = (RESIDENCE, "assumed: residence"), _facility(trip, "assumed: ")
    if pickup is not None:
        return pickup, clinic if pickup[0] == RESIDENCE else home
    if dropoff is not None:
        return (clinic if dropoff[0] == RESIDENCE else home), dropoff
    homeward = trip.leg == Trip.Leg.RETURN or trip.return_of_id is not None
    return (clinic, home) if homeward else (home, clinic)


def _known(trip: Trip, address: str) -> Found | None:
    key = normalised(address)
    if not key:
        return None
    facility = trip.facility
    if facility and key in (normalised(facility.address), normalised(facility.name)):
        return _facility(trip, "")
    if key == normalised(trip.patient.address):
        return RESIDENCE, "the patient's address"
    return None


def _facility(trip: Trip, how: str) -> Found:
    if trip.facility_id is None:
        return CLINIC, f"{how}clinic"
    code = PlaceCode.objects.filter(facility=trip.facility_id).first()
    return (code.letter if code else CLINIC), f"{how}facility {trip.facility_id}"
