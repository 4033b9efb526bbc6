"""The tables of the trips app, by subject."""

from trips.models.alerts import Alert
from trips.models.attachments import Attachment
from trips.models.company import Company, Facility, Patient, Payer
from trips.models.eta import TripEta
from trips.models.evidence import LateDataMark, TripMeasurement
from trips.models.fleet import Device, Driver, Shift, Vehicle
from trips.models.gps import GpsFix, QuarantinedFix, VehiclePosition
from trips.models.log import Delivery, Epoch, Stream, StreamEntry, TripEvent
from trips.models.places import KnownPlace
from trips.models.reports import (
    DayReport,
    DemandHour,
    DriverDay,
    ReportedTrip,
    WeekReport,
)
from trips.models.seals import TrackSeal
from trips.models.shifts import ExpiryWarning, ShiftBreak
from trips.models.standing import (
    Holiday,
    StandingOrder,
    StandingOrderEvent,
    StandingOrderPause,
    StandingOrderSkip,
)
from trips.models.talk import Message
from trips.models.tasks import CodeSchedule, TaskFailure, TaskRun
from trips.models.trip import Assignment, TapAnswer, Trip

__all__ = [
    "Alert",
    "Assignment",
    "Attachment",
    "CodeSchedule",
    "Company",
    "DayReport",
    "Delivery",
    "DemandHour",
    "Device",
    "Driver",
    "DriverDay",
    "Epoch",
    "ExpiryWarning",
    "Facility",
    "GpsFix",
    "Holiday",
    "KnownPlace",
    "LateDataMark",
    "Message",
    "Patient",
    "Payer",
    "QuarantinedFix",
    "ReportedTrip",
    "Shift",
    "ShiftBreak",
    "StandingOrder",
    "StandingOrderEvent",
    "StandingOrderPause",
    "StandingOrderSkip",
    "Stream",
    "StreamEntry",
    "TapAnswer",
    "TaskFailure",
    "TaskRun",
    "TrackSeal",
    "Trip",
    "TripEta",
    "TripEvent",
    "TripMeasurement",
    "Vehicle",
    "VehiclePosition",
    "WeekReport",
]
