"""Payments with their allocations, a provider's messages, and the ladder of reminders."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

#: (days after the due day, what is done)
DEFAULT_STEPS = (
    (3, "invoice_reminder"),
    (14, "invoice_second_reminder"),
    (30, "invoice_final_notice"),
    (45, "invoice_hand_over"),
)


def add_steps(apps, schema_editor):
    """A ladder to begin with; the admin changes it."""
    apps.get_model("billing", "DunningStep").objects.bulk_create(
        apps.get_model("billing", "DunningStep")(days_after_due=days, action=action)
        for days, action in DEFAULT_STEPS
    )


# TRUNCATE stays possible: tests empty their tables, and it cannot be used on a single row.
GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION atw_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_allocation
    FOR EACH ROW EXECUTE FUNCTION atw_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_dunningnotice
    FOR EACH ROW EXECUTE FUNCTION atw_refuse_change();
"""
NO_GUARD = """
DROP TRIGGER append_only ON billing_dunningnotice;
DROP TRIGGER append_only ON billing_allocation;
DROP TRIGGER append_only ON billing_payment;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_invoicing"),
        ("trips", "0008_evidence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("payment", "Payment"),
                            ("refund", "Refund"),
                            ("reversal", "Reversal"),
                        ],
                        default="payment",
                        max_length=8,
                    ),
                ),
                (
                    "of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="billing.payment",
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="trips.payer",
                    ),
                ),
                (
                    "facility",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="trips.facility",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="trips.patient",
                    ),
                ),
                ("amount_cents", models.IntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("check", "Check"),
                            ("cash", "Cash"),
                            ("card", "Card"),
                            ("remittance", "Remittance"),
                            ("provider", "payment provider"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        help_text="Number of the check, the transfer, the card slip.",
                        max_length=120,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=250)),
                ("received_on", models.DateField()),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the system.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "idempotency_key",
                    models.CharField(
                        blank=True,
                        help_text="What a provider or a remittance calls it: recorded once.",
                        max_length=200,
                        null=True,
                        unique=True,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["received_on"], name="payment_by_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("facility__isnull", True),
                                ("patient__isnull", True),
                                ("payer__isnull", False),
                            ),
                            models.Q(
                                ("facility__isnull", False),
                                ("patient__isnull", True),
                                ("payer__isnull", True),
                            ),
                            models.Q(
                                ("facility__isnull", True),
                                ("patient__isnull", False),
                                ("payer__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="payment_one_debtor",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount_cents__gt", 0), ("kind", "payment"), ("of__isnull", True)
                            ),
                            models.Q(
                                models.Q(("kind", "payment"), _negated=True),
                                ("amount_cents__lt", 0),
                                ("of__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="payment_sign",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "reversal")),
                        fields=("of",),
                        name="payment_reversed_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        limit_choices_to={"kind": "payment"},
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="billing.payment",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="billing.invoice",
                    ),
                ),
                ("amount_cents", models.IntegerField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("payment", "Payment"),
                            ("refund", "Refund"),
                            ("reversal", "Reversal"),
                            ("release", "taken off by a person"),
                            ("credit", "the invoice was credited"),
                        ],
                        default="payment",
                        max_length=8,
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount_cents__gt", 0), ("reason", "payment")),
                            models.Q(
                                models.Q(("reason", "payment"), _negated=True),
                                ("amount_cents__lt", 0),
                            ),
                            _connector="OR",
                        ),
                        name="allocation_sign",
                    )
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="ProviderEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=16)),
                ("event_id", models.CharField(max_length=120)),
                ("type", models.CharField(max_length=64)),
                (
                    "reference",
                    models.CharField(
                        help_text="What the provider calls the payment.", max_length=120
                    ),
                ),
                ("invoice_number", models.CharField(blank=True, max_length=64)),
                ("amount_cents", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("recorded", "Recorded"),
                            ("open", "Open"),
                            ("resolved", "Resolved"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why it waits for a biller.", max_length=120
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="billing.payment",
                    ),
                ),
                ("resolution", models.CharField(blank=True, max_length=250)),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["received_at"],
                        name="provider_event_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "event_id"), name="provider_event_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DunningStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "days_after_due",
                    models.PositiveSmallIntegerField(
                        help_text="By the company's calendar.", unique=True
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("invoice_reminder", "first reminder"),
                            ("invoice_second_reminder", "second reminder"),
                            ("invoice_final_notice", "final notice"),
                            ("invoice_hand_over", "hand-over to collection"),
                        ],
                        help_text="A mail, but the hand-over: it tells the billers.",
                        max_length=32,
                        unique=True,
                    ),
                ),
                (
                    "words",
                    models.TextField(
                        blank=True,
                        help_text="Said in the mail in place of our own sentence.",
                        max_length=2000,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["days_after_due"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("days_after_due__gt", 0)), name="dunning_step_after_due"
                    )
                ],
                "indexes": [],
            },
        ),
        migrations.CreateModel(
            name="DunningNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dunning",
                        to="billing.invoice",
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("invoice_reminder", "first reminder"),
                            ("invoice_second_reminder", "second reminder"),
                            ("invoice_final_notice", "final notice"),
                            ("invoice_hand_over", "hand-over to collection"),
                        ],
                        max_length=32,
                    ),
                ),
                ("days_after_due", models.PositiveSmallIntegerField()),
                ("words", models.TextField(blank=True)),
                ("balance_cents", models.IntegerField(help_text="What was owed that day.")),
                ("taken_on", models.DateField()),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "action"), name="dunning_once"),
                    models.UniqueConstraint(
                        fields=("invoice", "taken_on"), name="dunning_once_a_day"
                    ),
                ],
                "indexes": [],
            },
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
        migrations.RunPython(add_steps, migrations.RunPython.noop),
    ]
