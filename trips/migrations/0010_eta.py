import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("trips", "0009_standing_orders")]

    operations = [
        migrations.CreateModel(
            name="TripEta",
            fields=[
                (
                    "trip",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="eta",
                        serialize=False,
                        to="trips.trip",
                    ),
                ),
                ("eta", models.DateTimeField(null=True)),
                ("lateness_s", models.IntegerField(help_text="Below zero: early.", null=True)),
                (
                    "risk",
                    models.CharField(
                        choices=[
                            ("on_time", "On Time"),
                            ("at_risk", "At Risk"),
                            ("late", "Late"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "why",
                    models.CharField(
                        blank=True, help_text="Ids and times, no names.", max_length=120
                    ),
                ),
                (
                    "near_since",
                    models.DateTimeField(
                        help_text="Since when the vehicle stands at the next stop's door.",
                        null=True,
                    ),
                ),
                (
                    "suggestion",
                    models.CharField(
                        blank=True,
                        help_text="The tap that the position suggests.",
                        max_length=16,
                    ),
                ),
                ("suggested_at", models.DateTimeField(null=True)),
                ("updated_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "verbose_name": "ETA",
                "verbose_name_plural": "ETAs",
                "indexes": [models.Index(fields=["risk"], name="trip_eta_by_risk")],
            },
        ),
        migrations.CreateModel(
            name="KnownPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=250)),
                ("address", models.CharField(max_length=250)),
                ("latitude", models.FloatField()),
                ("longitude", models.FloatField()),
                (
                    "picked",
                    models.BooleanField(default=False, help_text="Somebody put the pin there."),
                ),
                ("uses", models.PositiveIntegerField(default=0)),
                (
                    "last_trip_id",
                    models.BigIntegerField(default=0, help_text="The newest trip counted."),
                ),
                (
                    "facility",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="trips.facility",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["last_trip_id"], name="known_place_by_trip")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "facility"),
                        name="known_place_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))
                        ),
                        name="known_place_on_earth",
                    ),
                ],
            },
        ),
    ]
