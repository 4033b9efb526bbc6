"""Authorizations, findings, and batches of claims; what was submitted is refused every change."""

from decimal import Decimal

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# What a payer has never changes; answers to it are noted beside.
GUARD = """
CREATE FUNCTION billing_keep_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('draft', 'ready') AND (TG_OP = 'UPDATE' OR OLD.state = 'draft') THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'DELETE' OR NEW.state IN ('draft', 'ready') OR
        (OLD.id, OLD.payer_id, OLD.first_day, OLD.last_day, OLD.created_by_id, OLD.created_at,
         OLD.ready_at, OLD.submitted_at, OLD.submitted_by_id, OLD.reference, OLD.file)
        IS DISTINCT FROM
        (NEW.id, NEW.payer_id, NEW.first_day, NEW.last_day, NEW.created_by_id, NEW.created_at,
         NEW.ready_at, NEW.submitted_at, NEW.submitted_by_id, NEW.reference, NEW.file)
    THEN
        RAISE EXCEPTION 'claim batch % is %: it is never changed', OLD.id, OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_batch BEFORE UPDATE OR DELETE ON billing_claimbatch
    FOR EACH ROW EXECUTE FUNCTION billing_keep_batch();
CREATE FUNCTION billing_keep_claim() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    answer text[] := ARRAY['state', 'denial_code', 'denial_note', 'paid_cents', 'answered_at'];
BEGIN
    IF (TG_OP = 'UPDATE' AND to_jsonb(NEW) - answer = to_jsonb(OLD) - answer)
        OR NOT EXISTS (
            SELECT FROM billing_claimbatch b
            WHERE b.state NOT IN ('draft', 'ready') AND (
                TG_OP <> 'DELETE' AND b.id = NEW.batch_id
                OR TG_OP <> 'INSERT' AND b.id = OLD.batch_id))
    THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'a claim that was submitted is never changed'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_claim BEFORE INSERT OR UPDATE OR DELETE ON billing_claim
    FOR EACH ROW EXECUTE FUNCTION billing_keep_claim();
"""
NO_GUARD = """
DROP TRIGGER keep_claim ON billing_claim;
DROP FUNCTION billing_keep_claim();
DROP TRIGGER keep_batch ON billing_claimbatch;
DROP FUNCTION billing_keep_batch();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_payments"),
        ("trips", "0012_reports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ClaimBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("ready", "ready"),
                            ("submitted", "submitted"),
                            ("accepted", "accepted"),
                            ("partly_rejected", "partly rejected"),
                            ("rejected", "rejected"),
                            ("paid", "paid"),
                        ],
                        default="draft",
                        max_length=16,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("ready_at", models.DateTimeField(blank=True, null=True)),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reference",
                    models.CharField(
                        blank=True, help_text="The payer's word for it.", max_length=64
                    ),
                ),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, help_text="The newest answer.", null=True),
                ),
                ("file", models.BinaryField(help_text="As it was submitted, gzipped.", null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claim_batches",
                        to="trips.payer",
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "claim batches",
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("accepted", "accepted"),
                            ("rejected", "rejected"),
                            ("paid", "paid"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("content", models.JSONField(default=dict)),
                ("lines", models.JSONField(default=list)),
                ("amount_cents", models.IntegerField(default=0)),
                (
                    "denial_code",
                    models.CharField(blank=True, help_text="E.g. CO-197.", max_length=16),
                ),
                ("denial_note", models.CharField(blank=True, max_length=250)),
                ("paid_cents", models.IntegerField(blank=True, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoice",
                    ),
                ),
                (
                    "trip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="trips.trip",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="billing.claimbatch",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClaimFinding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=32)),
                (
                    "severity",
                    models.CharField(
                        choices=[("blocking", "blocking"), ("warning", "warning")], max_length=8
                    ),
                ),
                ("detail", models.CharField(help_text="Numbers and ids only.", max_length=200)),
                ("found_at", models.DateTimeField()),
                ("gone_at", models.DateTimeField(blank=True, null=True)),
                ("waived_at", models.DateTimeField(blank=True, null=True)),
                ("waived_because", models.CharField(blank=True, max_length=250)),
                (
                    "payer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trips.payer",
                    ),
                ),
                (
                    "trip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claim_findings",
                        to="trips.trip",
                    ),
                ),
                (
                    "waived_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClaimProfile",
            fields=[
                (
                    "payer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="claim_profile",
                        serialize=False,
                        to="trips.payer",
                    ),
                ),
                (
                    "provider_id",
                    models.CharField(blank=True, help_text="Our number there.", max_length=32),
                ),
                (
                    "member_id_form",
                    models.CharField(
                        blank=True,
                        help_text="A: letter, 9: digit, *: either; several forms by blanks. Empty: any.",
                        max_length=200,
                    ),
                ),
                ("authorization_required", models.BooleanField(default=True)),
                (
                    "signature_required",
                    models.BooleanField(
                        default=False, help_text="Signatures are not collected yet: leave it off."
                    ),
                ),
                (
                    "least_coverage",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0.80"),
                        help_text="Of the ride by GPS.",
                        max_digits=3,
                    ),
                ),
                ("longest_gap_minutes", models.PositiveSmallIntegerField(default=10)),
                (
                    "most_variance",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0.20"),
                        help_text="Odometer and GPS.",
                        max_digits=3,
                    ),
                ),
                (
                    "columns",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Of the file, in order; empty: the usual ones.",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("least_coverage__range", (0, 1)), ("most_variance__range", (0, 1))
                        ),
                        name="claim_profile_shares",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Authorization",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=64)),
                (
                    "levels",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='E.g. ["wheelchair"]; empty: every level of service.',
                    ),
                ),
                (
                    "codes",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='HCPCS, e.g. ["A0130", "S0209"]; empty: every code.',
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(help_text="Included.")),
                (
                    "unit",
                    models.CharField(
                        choices=[("trip", "Trip"), ("mile", "Mile")], default="trip", max_length=4
                    ),
                ),
                (
                    "units",
                    models.DecimalField(decimal_places=1, help_text="Authorised.", max_digits=9),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="authorizations",
                        to="trips.patient",
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="authorizations",
                        to="trips.payer",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["patient", "payer"], name="authorization_of_patient")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("payer", "number"), name="authorization_once"),
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gte", models.F("valid_from"))),
                        name="authorization_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("units__gt", 0)), name="authorization_of_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number", ""), _negated=True),
                        name="authorization_has_number",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="claimbatch",
            index=models.Index(fields=["payer", "state"], name="batch_of_payer"),
        ),
        migrations.AddConstraint(
            model_name="claimbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_day__gte", models.F("first_day"))),
                name="batch_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="claimbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("file__isnull", True), ("state", "draft")),
                    models.Q(models.Q(("state", "draft"), _negated=True), ("file__isnull", False)),
                    _connector="OR",
                ),
                name="batch_ready_has_file",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "rejected"), _negated=True),
                fields=("trip",),
                name="claim_live_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                fields=("batch", "trip"), name="claim_in_batch_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(("denial_code", ""), ("state", "rejected"), _connector="XOR"),
                name="claim_denied_with_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("paid_cents__isnull", True), ("state", "paid"), _connector="XOR"
                ),
                name="claim_paid_so_much",
            ),
        ),
        migrations.AddIndex(
            model_name="claimfinding",
            index=models.Index(
                condition=models.Q(("gone_at__isnull", True)),
                fields=["payer", "trip"],
                name="finding_present",
            ),
        ),
        migrations.AddConstraint(
            model_name="claimfinding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("gone_at__isnull", True)),
                fields=("trip", "code"),
                name="finding_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="claimfinding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("waived_at__isnull", True),
                        ("waived_because", ""),
                        ("waived_by__isnull", True),
                    ),
                    models.Q(
                        ("waived_at__isnull", False),
                        ("waived_by__isnull", False),
                        models.Q(("waived_because", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="finding_waived_by_somebody",
            ),
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
