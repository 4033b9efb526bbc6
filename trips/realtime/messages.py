"""Every frame of `atw.v1`, and a trip and a vehicle as the API shows them (pure).

Times are ISO 8601 with Z. Speeds are m/s, headings degrees clockwise from north.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

PROTOCOL = "atw.v1"
#: Fixes in one `gps` frame.
MOST_GPS_FIXES = 100


def iso(moment: datetime) -> str:
    """`2026-11-20T08:30:00.123Z`"""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def iso_s(unix_s: float) -> str:
    """The same from unix seconds."""
    return iso(datetime.fromtimestamp(unix_s, UTC))


class Named(msgspec.Struct, frozen=True):
    """A reference with a name for people."""

    id: int
    name: str


class Place(msgspec.Struct, frozen=True):
    """Where somebody is fetched or brought; no address where the reader may not know it."""

    latitude: float
    longitude: float
    address: str | None = None


class TripAction(msgspec.Struct, frozen=True):
    """Something the asker may do to the trip now, and the fields to send with it."""

    action: str
    requires: list[str]


class Trip(msgspec.Struct, frozen=True, omit_defaults=False):
    """A trip. `patient`, `needs` and `notes` are null for those who may not know them.

    From `stuck_at` on it is too long in its state (null: never, or not the reader's to know); a
    screen shows that by its own clock, and it ends by itself when the trip moves on.
    """

    id: int
    status: str
    version: int
    mobility: str
    pickup: Place
    dropoff: Place
    scheduled_at: str | None
    window_minutes: int
    appointment_at: str | None
    state_since: str
    driver: Named | None
    vehicle: Named | None
    patient: Named | None
    needs: list[str] | None
    escorts: int | None
    notes: str | None
    facility: Named | None
    payer: Named | None
    return_of: int | None
    ready_at: str | None
    wait_and_return: bool
    pinned: bool
    stuck_at: str | None


class TripWithActions(Trip, frozen=True):
    """A trip as the HTTP API answers it, with what the asker may do now and its newest `Eta`.

    `changeable` names the fields that PATCH would take now. Who pays is for our own people.
    """

    actions: list[TripAction] = []
    changeable: list[str] = []
    bill_to: str | None = None
    copay_cents: int | None = None
    tolls_cents: int | None = None
    authorization_number: str | None = None
    eta: str | None = None
    lateness_s: int | None = None
    risk: str | None = None
    why: str | None = None
    suggestion: str | None = None


class Eta(msgspec.Struct, frozen=True):
    """When a trip's next stop is reached, and whether that is in time.

    `lateness_s` counts against the agreed pick-up, after it against the appointment; below zero
    is early. `risk`: on_time, at_risk, late or unknown. `suggestion`: the tap that the vehicle's
    position suggests, null for none; it is for a person to decide.
    """

    trip_id: int
    eta: str | None
    lateness_s: int | None
    risk: str
    why: str
    suggestion: str | None


class Vehicle(msgspec.Struct, frozen=True):
    """A vehicle's marker: its newest position, null where it never reported one.

    `trip_ids` are its started trips, the newest first; `driver_id` is the first one's driver.
    """

    id: int
    name: str
    trip_ids: list[int]
    driver_id: int | None
    latitude: float | None
    longitude: float | None
    speed: float | None
    heading: float | None
    recorded_at: str | None


class Fix(msgspec.Struct, frozen=True):
    """One position on its way to screens."""

    trip_id: int | None
    vehicle_id: int | None
    latitude: float
    longitude: float
    speed: float | None
    heading: float | None
    recorded_at: str


class Notice(msgspec.Struct, frozen=True):
    """An in-app notification."""

    id: int
    kind: str
    message: str
    trip_id: int | None
    at: str
    read_at: str | None


class Frame(msgspec.Struct, frozen=True, tag_field="type"):
    """Base of all frames: a JSON object with `type`."""


class Hello(Frame, frozen=True, tag="hello"):
    stream: str
    epoch: str
    seq: int
    protocol: str = PROTOCOL


class Snapshot(Frame, frozen=True, tag="snapshot"):
    seq: int
    trips: list[Trip]
    vehicles: list[Vehicle]
    etas: list[Eta]


class MySnapshot(Frame, frozen=True, tag="snapshot"):
    """The snapshot of `/ws/me/`."""

    seq: int
    trips: list[Trip]
    vehicles: list[Vehicle]
    etas: list[Eta]
    notifications: list[Notice]
    unread: int


class GpsBatch(Frame, frozen=True, tag="gps.batch"):
    fixes: list[Fix]


class GpsUpdate(Frame, frozen=True, tag="gps_update"):
    trip_id: int | None
    vehicle_id: int | None
    latitude: float
    longitude: float
    speed: float | None
    heading: float | None
    recorded_at: str


class TripEvent(Frame, frozen=True, tag="trip.event"):
    seq: int
    trip_id: int
    version: int
    status: str
    event: str
    at: str
    message: str
    trip: Trip


class TripEta(Frame, frozen=True, tag="trip.eta"):
    """An `Eta` that changed; unnumbered, the newest wins."""

    trip_id: int
    eta: str | None
    lateness_s: int | None
    risk: str
    why: str
    suggestion: str | None


class Notification(Frame, frozen=True, tag="notification"):
    seq: int
    notification: Notice


class Task(Frame, frozen=True, tag="task"):
    """How far a long job of one's own is; unnumbered, the newest wins."""

    id: str
    state: str
    current: int
    total: int


class Resumed(Frame, frozen=True, tag="resumed"):
    recovered: bool
    seq: int


class Heartbeat(Frame, frozen=True, tag="heartbeat"):
    seq: int
    at: str


class GpsAck(Frame, frozen=True, tag="ack"):
    """Answer to a `gps` frame, after the commit."""

    ref: str
    accepted: int
    duplicates: int
    quarantined: list[dict[str, Any]]


class Error(Frame, frozen=True, tag="error"):
    code: str
    detail: str
    ref: str | None = None


class ClientFrame(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Base of what our clients send; unknown fields are errors."""


class Resume(ClientFrame, frozen=True, tag="resume"):
    epoch: str | None = None
    since: int | None = None


class Subscribe(ClientFrame, frozen=True, tag="subscribe"):
    """Narrows `gps.batch` to these trips; null: everything again."""

    trips: list[int] | None


class Ack(ClientFrame, frozen=True, tag="ack"):
    frames: int


class Gps(ClientFrame, frozen=True, tag="gps"):
    """Fixes over the socket; each is checked as in `POST /api/trips/{id}/gps/`."""

    ref: str
    fixes: list[msgspec.Raw]
    trip_id: int | None = None


FromClient = Resume | Subscribe | Ack | Gps
_decoder = msgspec.json.Decoder(FromClient)
_encoder = msgspec.json.Encoder()


class BadFrame(ValueError):
    """A client's frame that is not one of ours; the text says what is wrong."""


def decode(text: str | bytes) -> FromClient:
    """The client frame in `text`; BadFrame where it is none."""
    try:
        frame: FromClient = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as exc:
        raise BadFrame(str(exc)) from None
    return frame


def encode(frame: Frame) -> str:
    """`frame` as the text that goes over the wire."""
    return _encoder.encode(frame).decode()
