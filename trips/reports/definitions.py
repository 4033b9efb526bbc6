"""What the numbers of a report mean: every counter and every ratio, once (pure).

Counters are whole numbers that add up: a week is the sum of its days, a fleet that of its
drivers. Ratios are made of summed counters when somebody reads, never averaged. The sentences
stand in docs/REPORTS.md and in the API's schema.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from math import floor

from trips.lifecycle import Status
from trips.reports.intervals import Interval, common, seconds, united, without

CANCEL_KINDS = ("advance", "same_day", "late", "at_door")
CANCELLERS = ("patient", "facility", "dispatcher", "driver", "system")

#: Of a day or a week of the whole company.
COMPANY_COUNTERS = {
    "trips": "Trips agreed for the day, whatever became of them.",
    "completed": "Trips that were completed.",
    "open": "Trips that have not ended yet.",
    "rejected": "Requests that dispatch turned down.",
    "missed": "Trips to which nobody came: our fault.",
    "no_shows": "Trips whose patient did not come to the door.",
    "no_shows_outbound": "No-shows on the way there.",
    "no_shows_return": "No-shows on the way back.",
    "no_shows_proven": "No-shows where clock and position prove that the driver waited there.",
    "no_shows_unproven": "No-shows that a dispatcher entered against clock or position.",
    "cancelled": "Trips that were cancelled.",
    "cancelled_advance": "Cancelled before the day of the trip.",
    "cancelled_same_day": "Cancelled on the day, in good time.",
    "cancelled_late": "Cancelled shortly before the pick-up.",
    "cancelled_at_door": "Cancelled when the vehicle stood at the door.",
    "cancelled_by_patient": "Cancelled by the patient.",
    "cancelled_by_facility": "Cancelled by the facility.",
    "cancelled_by_dispatcher": "Cancelled by a dispatcher.",
    "cancelled_by_driver": "Cancelled by the driver.",
    "cancelled_by_system": "Cancelled by the end or pause of a standing order.",
    "cancelled_by_other": "Cancelled by whom nobody wrote down.",
    "pickups_due": "Trips with an agreed time, no will-calls, that we came to or missed.",
    "pickups_on_time": "Pick-ups due where the vehicle was at the door in time: not later than "
    "the agreed time and the company's `on_time_minutes`. Early is on time.",
    "pickups_late": "Pick-ups due where the vehicle came later than that.",
    "appointments": "Trips with an appointment that reached the drop-off or were missed.",
    "appointments_met": "Appointments whose patient was dropped off no later than they began.",
    "will_calls": "Will-calls that were called and that we came to or missed.",
    "will_calls_answered": "Will-calls to whose door the vehicle came.",
    "will_calls_in_time": "Will-calls answered within the company's `will_call_minutes`.",
    "will_call_wait_s": "Seconds from the call to the vehicle at the door, of those answered.",
    "measured": "Trips whose distances have been measured by GPS.",
    "loaded_m": "Metres with the patient aboard, of the trips measured.",
    "unloaded_m": "Metres driven to the pick-up, of the trips measured.",
    "shift_s": "Seconds on shift, cut at midnight; a shift that is open counts until now.",
    "duty_s": "Seconds on shift without the breaks.",
    "aboard_s": "Seconds on duty with at least one patient aboard; two at once count once.",
}
#: Of one driver's day. A trip is the driver's who has it now or had it when it ended.
DRIVER_COUNTERS = {
    "assigned": "Trips that the driver was ever assigned.",
    "promised": "Trips assigned whose end was the driver's to decide: completed, missed or "
    "declined. What patients cancelled or dispatch took back broke no promise.",
    "declined": "Trips assigned that the driver declined, and did not complete after all.",
    **{
        name: COMPANY_COUNTERS[name]
        for name in (
            "completed",
            "missed",
            "no_shows",
            "pickups_due",
            "pickups_on_time",
            "pickups_late",
            "appointments",
            "appointments_met",
            "measured",
            "loaded_m",
            "unloaded_m",
            "shift_s",
            "duty_s",
            "aboard_s",
        )
    },
}


@dataclass(frozen=True, slots=True)
class Ratio:
    """`numerator` / `denominator` x `scale`; nothing where the denominator is 0."""

    numerator: str
    denominator: str
    sentence: str
    scale: int = 1

    def of(self, counters: Mapping[str, int]) -> float | None:
        """Rounded to four digits after the point."""
        below = counters[self.denominator]
        return round(self.scale * counters[self.numerator] / below, 4) if below else None


COMPANY_RATIOS = {
    "on_time_pickups": Ratio(
        "pickups_on_time", "pickups_due", "The share of pick-ups due that were on time."
    ),
    "on_time_dropoffs": Ratio(
        "appointments_met", "appointments", "The share of appointments that were met."
    ),
    "no_show_rate": Ratio("no_shows", "trips", "The share of trips that were no-shows."),
    "cancellation_rate": Ratio("cancelled", "trips", "The share of trips that were cancelled."),
    "loaded_unloaded": Ratio(
        "loaded_m", "unloaded_m", "Metres with a patient aboard per metre driven to a pick-up."
    ),
    "utilisation": Ratio("aboard_s", "duty_s", "The share of time on duty with a patient aboard."),
    "trips_per_shift_hour": Ratio(
        "completed", "shift_s", "Trips completed per hour on shift, breaks included.", 3600
    ),
    "will_call_response_s": Ratio(
        "will_call_wait_s", "will_calls_answered", "Mean seconds from the call to the door."
    ),
    "will_calls_on_time": Ratio(
        "will_calls_in_time", "will_calls", "The share of will-calls answered in time."
    ),
}
DRIVER_RATIOS = {
    **{
        name: COMPANY_RATIOS[name]
        for name in (
            "on_time_pickups",
            "on_time_dropoffs",
            "loaded_unloaded",
            "utilisation",
            "trips_per_shift_hour",
        )
    },
    "kept_promises": Ratio(
        "completed", "promised", "The share of trips promised that the driver completed."
    ),
}


def ratios(table: Mapping[str, Ratio], counters: Mapping[str, int]) -> dict[str, float | None]:
    """Every ratio of `table`, by name."""
    return {name: ratio.of(counters) for name, ratio in table.items()}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the company calls in time, and the clock on its wall."""

    zone: tzinfo
    on_time: timedelta
    will_call: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TripFacts:
    """What counts of a trip. Distances in metres, None where nothing was measured."""

    trip_id: int
    status: str
    is_return: bool = False
    driver_id: int | None = None
    scheduled_at: datetime | None = None
    ready_at: datetime | None = None
    appointment_at: datetime | None = None
    arrived_pickup_at: datetime | None = None
    dropped_off_at: datetime | None = None
    cancel_kind: str = ""
    cancelled_by: str = ""
    no_show_proven: bool = False
    loaded_m: float | None = None
    unloaded_m: float | None = None


_ENDINGS = {
    Status.COMPLETED.value: "completed",
    Status.CANCELLED.value: "cancelled",
    Status.NO_SHOW.value: "no_shows",
    Status.MISSED.value: "missed",
    Status.REJECTED.value: "rejected",
}
#: Counters of which each trip is in exactly one.
ENDINGS = (*_ENDINGS.values(), "open")


def count_trip(trip: TripFacts, rules: Rules) -> Counter[str]:
    """What one trip adds to the day's counters."""
    found = Counter({"trips": 1, _ENDINGS.get(trip.status, "open"): 1})
    if trip.status == Status.NO_SHOW:
        found["no_shows_return" if trip.is_return else "no_shows_outbound"] += 1
        found["no_shows_proven" if trip.no_show_proven else "no_shows_unproven"] += 1
    if trip.status == Status.CANCELLED:
        found += _cancellation(trip)
    found += _will_call(trip, rules) if trip.ready_at else _pickup(trip, rules)
    found += _appointment(trip)
    if trip.loaded_m is not None:
        found += Counter(
            measured=1, loaded_m=round(trip.loaded_m), unloaded_m=round(trip.unloaded_m or 0)
        )
    return found


def _cancellation(trip: TripFacts) -> Counter[str]:
    # A kind is always written with a cancellation; `advance` costs nobody a fee.
    kind = trip.cancel_kind if trip.cancel_kind in CANCEL_KINDS else "advance"
    by = trip.cancelled_by if trip.cancelled_by in CANCELLERS else "other"
    return Counter([f"cancelled_{kind}", f"cancelled_by_{by}"])


def _pickup(trip: TripFacts, rules: Rules) -> Counter[str]:
    if trip.scheduled_at is None:
        return Counter()
    if trip.arrived_pickup_at is None:
        return Counter(pickups_due=int(trip.status == Status.MISSED))
    late = trip.arrived_pickup_at > trip.scheduled_at + rules.on_time
    return Counter(["pickups_due", "pickups_late" if late else "pickups_on_time"])


def _will_call(trip: TripFacts, rules: Rules) -> Counter[str]:
    if trip.arrived_pickup_at is None or trip.ready_at is None:
        return Counter(will_calls=int(trip.status == Status.MISSED))
    # Who comes before the call has answered it at once.
    wait = max(trip.arrived_pickup_at - trip.ready_at, timedelta())
    return Counter(
        will_calls=1,
        will_calls_answered=1,
        will_calls_in_time=int(wait <= rules.will_call),
        will_call_wait_s=round(wait.total_seconds()),
    )


def _appointment(trip: TripFacts) -> Counter[str]:
    if trip.appointment_at is None:
        return Counter()
    if trip.dropped_off_at is None:
        return Counter(appointments=int(trip.status == Status.MISSED))
    return Counter(appointments=1, appointments_met=int(trip.dropped_off_at <= trip.appointment_at))


def count_promises(
    *, assigned: Collection[int], declined: Collection[int], own: Collection[TripFacts]
) -> Counter[str]:
    """A driver's `assigned`, `promised` and `declined`, from trips' ids and their own trips."""
    completed = {trip.trip_id for trip in own if trip.status == Status.COMPLETED}
    missed = {trip.trip_id for trip in own if trip.status == Status.MISSED}
    return Counter(
        assigned=len(set(assigned)),
        promised=len(completed | missed | set(declined)),
        declined=len(set(declined) - completed),
    )


@dataclass(frozen=True, slots=True)
class Clock:
    """A driver's stretches of time, as they come: unix seconds, overlapping, any order."""

    shifts: tuple[Interval, ...] = ()
    breaks: tuple[Interval, ...] = ()
    rides: tuple[Interval, ...] = ()


def count_clock(clock: Clock, day: Interval) -> Counter[str]:
    """`shift_s`, `duty_s` and `aboard_s` of a driver within `day`."""
    shift = common(united(clock.shifts), [day])
    duty = without(shift, united(clock.breaks))
    aboard = common(united(clock.rides), duty)
    return Counter(shift_s=seconds(shift), duty_s=seconds(duty), aboard_s=seconds(aboard))


#: Degrees of a demand cell's side: 1.1 km from south to north, less from west to east.
CELL_DEG = 0.01


def cell(latitude: float, longitude: float) -> tuple[int, int]:
    """The cell that a point is in, as hundredths of degrees of its south-west corner."""
    # 0.29 / 0.01 is 28.999…: what prints as a corner shall be one.
    return floor(round(latitude / CELL_DEG, 6)), floor(round(longitude / CELL_DEG, 6))


def monday_of(day: date) -> date:
    """The first day of the week that `day` is in."""
    return day - timedelta(days=day.weekday())
