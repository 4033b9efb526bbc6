"""Roll-up tables: numbers per day, week, driver and area, computed anew whenever data changes.

What a column means stands in `trips.reports.definitions`.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from trips.models.fleet import Driver
from trips.models.trip import Trip


class Counters(models.Model):
    """Whole numbers that add up; the same for a day and a week."""

    trips = models.PositiveIntegerField(default=0)
    completed = models.PositiveIntegerField(default=0)
    open = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    missed = models.PositiveIntegerField(default=0)
    no_shows = models.PositiveIntegerField(default=0)
    no_shows_outbound = models.PositiveIntegerField(default=0)
    no_shows_return = models.PositiveIntegerField(default=0)
    no_shows_proven = models.PositiveIntegerField(default=0)
    no_shows_unproven = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    cancelled_advance = models.PositiveIntegerField(default=0)
    cancelled_same_day = models.PositiveIntegerField(default=0)
    cancelled_late = models.PositiveIntegerField(default=0)
    cancelled_at_door = models.PositiveIntegerField(default=0)
    cancelled_by_patient = models.PositiveIntegerField(default=0)
    cancelled_by_facility = models.PositiveIntegerField(default=0)
    cancelled_by_dispatcher = models.PositiveIntegerField(default=0)
    cancelled_by_driver = models.PositiveIntegerField(default=0)
    cancelled_by_system = models.PositiveIntegerField(default=0)
    cancelled_by_other = models.PositiveIntegerField(default=0)
    pickups_due = models.PositiveIntegerField(default=0)
    pickups_on_time = models.PositiveIntegerField(default=0)
    pickups_late = models.PositiveIntegerField(default=0)
    appointments = models.PositiveIntegerField(default=0)
    appointments_met = models.PositiveIntegerField(default=0)
    will_calls = models.PositiveIntegerField(default=0)
    will_calls_answered = models.PositiveIntegerField(default=0)
    will_calls_in_time = models.PositiveIntegerField(default=0)
    will_call_wait_s = models.PositiveBigIntegerField(default=0)
    measured = models.PositiveIntegerField(default=0)
    loaded_m = models.PositiveBigIntegerField(default=0)
    unloaded_m = models.PositiveBigIntegerField(default=0)
    shift_s = models.PositiveBigIntegerField(default=0)
    duty_s = models.PositiveBigIntegerField(default=0)
    aboard_s = models.PositiveBigIntegerField(default=0)
    computed_at = models.DateTimeField()

    class Meta:
        abstract = True


class DayReport(Counters):
    """One day of the company's calendar."""

    day = models.DateField(primary_key=True)
    rules = models.CharField(
        max_length=100, help_text="Time zone and minutes that it was computed with."
    )

    def __str__(self) -> str:
        return f"day {self.day}"


class WeekReport(Counters):
    """The sum of the seven days from `monday` on."""

    monday = models.DateField(primary_key=True)

    def __str__(self) -> str:
        return f"week of {self.monday}"


class DriverDay(models.Model):
    """One driver's part of a day; who neither worked nor was assigned anything has none."""

    day = models.DateField()
    driver = models.ForeignKey(Driver, models.CASCADE, related_name="report_days")
    assigned = models.PositiveIntegerField(default=0)
    promised = models.PositiveIntegerField(default=0)
    declined = models.PositiveIntegerField(default=0)
    completed = models.PositiveIntegerField(default=0)
    missed = models.PositiveIntegerField(default=0)
    no_shows = models.PositiveIntegerField(default=0)
    pickups_due = models.PositiveIntegerField(default=0)
    pickups_on_time = models.PositiveIntegerField(default=0)
    pickups_late = models.PositiveIntegerField(default=0)
    appointments = models.PositiveIntegerField(default=0)
    appointments_met = models.PositiveIntegerField(default=0)
    measured = models.PositiveIntegerField(default=0)
    loaded_m = models.PositiveBigIntegerField(default=0)
    unloaded_m = models.PositiveBigIntegerField(default=0)
    shift_s = models.PositiveIntegerField(default=0)
    duty_s = models.PositiveIntegerField(default=0)
    aboard_s = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "driver"], name="driver_day_once")]

    def __str__(self) -> str:
        return f"driver {self.driver_id} on {self.day}"


class DemandHour(models.Model):
    """Trips agreed for one hour of a day's local clock in one cell of pick-ups.

    The cell's south-west corner is (`latitude_e2`, `longitude_e2`) hundredths of a degree.
    """

    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    latitude_e2 = models.SmallIntegerField()
    longitude_e2 = models.SmallIntegerField()
    trips = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "hour", "latitude_e2", "longitude_e2"], name="demand_hour_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.hour}:00 at {self.latitude_e2}, {self.longitude_e2}"


class ReportedTrip(models.Model):
    """Which version of a trip the reports know, and the days that it was part of.

    A trip at another version makes those days, and those that it is part of now, be computed
    anew: versions are exact where clocks of transactions that overlap would not be.
    """

    trip = models.OneToOneField(Trip, models.CASCADE, primary_key=True, related_name="reported")
    version = models.PositiveIntegerField()
    days = ArrayField(models.DateField())

    def __str__(self) -> str:
        return f"trip {self.trip_id} at version {self.version}"
