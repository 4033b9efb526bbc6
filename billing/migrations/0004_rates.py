"""All that a rate can hold; one that priced an invoice stands, and rates do not contradict."""

from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# Whoever checks first holds the others of the same payer and level up until the commit.
GUARD = """
CREATE FUNCTION billing_rate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.used_at IS NOT NULL THEN
        RAISE EXCEPTION 'rate % has priced an invoice: correct it by a new version', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND
       (NEW.payer_id, NEW.mobility, NEW.valid_from, NEW.valid_to, NEW.version)
       IS NOT DISTINCT FROM
       (OLD.payer_id, OLD.mobility, OLD.valid_from, OLD.valid_to, OLD.version) THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(
        hashtextextended(format('billing_rate %s %s', NEW.payer_id, NEW.mobility), 0));
    IF NEW.valid_to >= NEW.valid_from IS NOT FALSE AND EXISTS (
        SELECT FROM billing_rate other
        WHERE other.payer_id IS NOT DISTINCT FROM NEW.payer_id
          AND other.mobility = NEW.mobility
          AND other.valid_from <> NEW.valid_from
          AND NOT EXISTS (
              SELECT FROM billing_rate newer
              WHERE newer.payer_id IS NOT DISTINCT FROM other.payer_id
                AND newer.mobility = other.mobility
                AND newer.valid_from = other.valid_from
                AND newer.version > other.version)
          AND other.valid_to >= other.valid_from IS NOT FALSE
          AND CASE WHEN other.valid_from < NEW.valid_from
                   THEN other.valid_to >= NEW.valid_from
                   ELSE NEW.valid_to >= other.valid_from END
    ) THEN
        RAISE EXCEPTION 'another rate says that it holds on a day of this one'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'rate_no_overlap';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_rate_guard BEFORE INSERT OR UPDATE OR DELETE ON billing_rate
    FOR EACH ROW EXECUTE FUNCTION billing_rate_guard();
"""
UNGUARD = """
DROP TRIGGER billing_rate_guard ON billing_rate;
DROP FUNCTION billing_rate_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_default_rates"),
        ("trips", "0007_working_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PlaceCode",
            fields=[
                (
                    "facility",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="place_code",
                        serialize=False,
                        to="trips.facility",
                    ),
                ),
                (
                    "letter",
                    models.CharField(
                        choices=[
                            ("D", "D: diagnostic or therapeutic site other than P or H"),
                            ("E", "E: residential, domiciliary or custodial facility"),
                            ("G", "G: hospital-based dialysis facility"),
                            ("H", "H: hospital"),
                            ("I", "I: site of transfer between vehicles"),
                            ("J", "J: dialysis facility that is not part of a hospital"),
                            ("N", "N: skilled nursing facility"),
                            ("P", "P: physician's office"),
                            ("R", "R: residence"),
                            ("S", "S: scene"),
                            ("X", "X: stop at a physician's office on the way to a hospital"),
                        ],
                        max_length=1,
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="rate",
            name="rate_once_a_day",
        ),
        migrations.AddField(
            model_name="rate",
            name="after_hours",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text='[{"days": ["SA", "SU"], "holidays": true, "from": "18:00", "to": "06:00", "flat_cents": 1500, "percent": "0"}]; the dearest that holds counts.',
            ),
        ),
        migrations.AddField(
            model_name="rate",
            name="attendant_cents",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="rate",
            name="bariatric_cents",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Surcharge; a number here covers the bariatric level without a rate of its own.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="rate",
            name="cancel_at_door_cents",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="rate",
            name="cancel_late_cents",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="rate",
            name="cancel_same_day_cents",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="rate",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="rate",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="rate",
            name="escort_cents",
            field=models.PositiveIntegerField(default=0, help_text="Each further person."),
        ),
        migrations.AddField(
            model_name="rate",
            name="included_escorts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="rate",
            name="maximum_cents",
            field=models.PositiveIntegerField(blank=True, help_text="Of all but tolls.", null=True),
        ),
        migrations.AddField(
            model_name="rate",
            name="mile_bands",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text='Other prices further out: [{"from_mile": "10", "cents": 175}].',
            ),
        ),
        migrations.AddField(
            model_name="rate",
            name="mile_rounding",
            field=models.CharField(
                choices=[("nearest", "nearest"), ("up", "up"), ("down", "down")],
                default="nearest",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="rate",
            name="mile_source",
            field=models.CharField(
                choices=[
                    ("measured", "measured"),
                    ("planned", "planned"),
                    ("odometer", "odometer"),
                    ("least", "least"),
                ],
                default="measured",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="rate",
            name="mile_step",
            field=models.DecimalField(decimal_places=2, default=Decimal("0.1"), max_digits=4),
        ),
        migrations.AddField(
            model_name="rate",
            name="minimum_cents",
            field=models.PositiveIntegerField(default=0, help_text="Of all but tolls."),
        ),
        migrations.AddField(
            model_name="rate",
            name="no_show_cents",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="rate",
            name="reason",
            field=models.CharField(blank=True, help_text="Why it was corrected.", max_length=250),
        ),
        migrations.AddField(
            model_name="rate",
            name="shared_miles",
            field=models.CharField(
                choices=[("full", "full"), ("split", "split")],
                default="full",
                help_text="Miles with other riders: each pays them, or they are split.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="rate",
            name="tolls_are_paid",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="rate",
            name="used_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="When it first priced an invoice.", null=True
            ),
        ),
        migrations.AddField(
            model_name="rate",
            name="valid_to",
            field=models.DateField(
                blank=True, help_text="Included. The day before it begins: withdrawn.", null=True
            ),
        ),
        migrations.AddField(
            model_name="rate",
            name="version",
            field=models.PositiveSmallIntegerField(default=1, help_text="Corrections count up."),
        ),
        migrations.AddField(
            model_name="rate",
            name="wait_cap_minutes",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="Paid at most, after the grace time.", null=True
            ),
        ),
        migrations.AddField(
            model_name="rate",
            name="wait_rounding",
            field=models.CharField(
                choices=[
                    ("started", "started"),
                    ("completed", "completed"),
                    ("nearest", "nearest"),
                ],
                default="started",
                max_length=9,
            ),
        ),
        migrations.AddConstraint(
            model_name="rate",
            constraint=models.UniqueConstraint(
                fields=("payer", "mobility", "valid_from", "version"),
                name="rate_once_a_day",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="rate",
            constraint=models.CheckConstraint(
                condition=models.Q(("mile_step__gt", 0)), name="rate_mile_step_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="rate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("maximum_cents__isnull", True),
                    ("maximum_cents__gte", models.F("minimum_cents")),
                    _connector="OR",
                ),
                name="rate_cap_above_minimum",
            ),
        ),
        migrations.AlterField(
            model_name="rate",
            name="included_miles",
            field=models.DecimalField(
                decimal_places=1,
                default=0,
                max_digits=6,
                validators=[django.core.validators.MinValueValidator(0)],
            ),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
