"""Events become evidence: chained per trip, and refused every change by the database itself."""

from itertools import groupby

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from config.chain import BEGINNING, link_hash

HASHED = (
    "trip_id",
    "version",
    "event",
    "status",
    "previous_status",
    "inferred",
    "source",
    "actor_id",
    "occurred_at",
    "recorded_at",
    "latitude",
    "longitude",
    "position_source",
    "position_age_s",
    "stop_distance_m",
    "message",
    "data",
    "previous_hash",
)
PAGE = 500


def link_all(apps, schema_editor):
    """Chain what was recorded before; trip by trip, so that memory does not grow with the log."""
    TripEvent = apps.get_model("trips", "TripEvent")
    unlinked = TripEvent.objects.filter(hash="")
    last = 0
    while trips := list(
        unlinked.filter(trip_id__gt=last)
        .order_by("trip_id")
        .values_list("trip_id", flat=True)
        .distinct()[:PAGE]
    ):
        events = list(TripEvent.objects.filter(trip_id__in=trips).order_by("trip_id", "version"))
        for _, story in groupby(events, key=lambda event: event.trip_id):
            previous_hash = BEGINNING
            for event in story:
                event.previous_hash = previous_hash
                content = {name: getattr(event, name) for name in HASHED}
                event.hash = previous_hash = link_hash(previous_hash, content)
        TripEvent.objects.bulk_update(events, ["previous_hash", "hash"], batch_size=PAGE)
        last = trips[-1]


# TRUNCATE stays possible: tests empty their tables, and it cannot be used on a single row.
GUARD = """
CREATE FUNCTION atw_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON trips_tripevent
    FOR EACH ROW EXECUTE FUNCTION atw_refuse_change();
"""
NO_GUARD = """
DROP TRIGGER append_only ON trips_tripevent;
DROP FUNCTION atw_refuse_change();
"""
# What arrived lately is found by it for almost nothing: rows lie in the order of arrival.
BY_ARRIVAL = """
CREATE INDEX gpsfix_by_arrival ON trips_gpsfix USING brin (received_at)
    WITH (autosummarize = on, pages_per_range = 16)
"""


class Migration(migrations.Migration):
    dependencies = [("trips", "0007_working_day")]

    operations = [
        migrations.CreateModel(
            name="LateDataMark",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("received_up_to", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(id=1), name="late_data_mark_is_one")
                ]
            },
        ),
        migrations.CreateModel(
            name="TripMeasurement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("revision", models.PositiveSmallIntegerField(default=1)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("gps", "Gps"),
                            ("seal", "sealed track"),
                            ("estimate", "Estimate"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "loaded_distance_m",
                    models.FloatField(help_text="From pick-up to drop-off."),
                ),
                (
                    "unloaded_distance_m",
                    models.FloatField(
                        blank=True,
                        help_text="From start to pick-up; empty where nothing tells.",
                        null=True,
                    ),
                ),
                (
                    "planned_distance_m",
                    models.FloatField(help_text="By road from stop to stop."),
                ),
                ("odometer_distance_m", models.FloatField(blank=True, null=True)),
                (
                    "variance",
                    models.FloatField(
                        blank=True,
                        help_text="(largest - smallest) / largest of the mileages that are known.",
                        null=True,
                    ),
                ),
                (
                    "wait_s",
                    models.FloatField(help_text="From max(arrival, agreed time) to the pick-up."),
                ),
                (
                    "fixes",
                    models.PositiveIntegerField(
                        help_text="Believed ones from pick-up to drop-off."
                    ),
                ),
                (
                    "coverage",
                    models.FloatField(help_text="Share of that time outside gaps, 0 to 1."),
                ),
                ("longest_gap_s", models.FloatField(help_text="0 where there is none.")),
                (
                    "gaps",
                    models.JSONField(default=list, help_text="[[from_unix_s, to_unix_s], …]"),
                ),
                (
                    "began_at",
                    models.DateTimeField(help_text="From here on positions count."),
                ),
                ("ended_at", models.DateTimeField(help_text="Up to here.")),
                ("computed_at", models.DateTimeField()),
                (
                    "is_stale",
                    models.BooleanField(
                        default=False, help_text="Late data waits to be measured."
                    ),
                ),
                (
                    "trip",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measurement",
                        to="trips.trip",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=Q(is_stale=True), fields=["trip"], name="measurement_stale"
                    ),
                    models.Index(fields=["ended_at"], name="measurement_by_end"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(coverage__range=(0, 1)),
                        name="measurement_coverage_is_a_share",
                    ),
                    models.CheckConstraint(
                        condition=Q(loaded_distance_m__gte=0), name="measurement_not_negative"
                    ),
                ],
            },
        ),
        migrations.RunPython(link_all, migrations.RunPython.noop),
        # The rows that were just changed have checks of their references pending.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="tripevent",
            constraint=models.CheckConstraint(
                condition=~Q(hash=""), name="trip_event_is_linked"
            ),
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
        migrations.RunSQL(BY_ARRIVAL, "DROP INDEX gpsfix_by_arrival"),
    ]
