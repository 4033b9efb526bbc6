"""The tables of the trips app, by subject."""

from trips.models.alerts import Alert
from trips.models.company import Company, Facility, Patient, Payer
from trips.models.fleet import Device, Driver, Shift, Vehicle
from trips.models.gps import GpsFix, QuarantinedFix, VehiclePosition
from trips.models.log import Delivery, Epoch, Stream, StreamEntry, TripEvent
from trips.models.seals import TrackSeal
from trips.models.tasks import CodeSchedule, TaskFailure, TaskRun
from trips.models.trip import Assignment, TapAnswer, Trip

__all__ = [
    "Alert",
    "Assignment",
    "CodeSchedule",
    "Company",
    "Delivery",
    "Device",
    "Driver",
    "Epoch",
    "Facility",
    "GpsFix",
    "Patient",
    "Payer",
    "QuarantinedFix",
    "Shift",
    "Stream",
    "StreamEntry",
    "TapAnswer",
    "TaskFailure",
    "TaskRun",
    "TrackSeal",
    "Trip",
    "TripEvent",
    "Vehicle",
    "VehiclePosition",
]
