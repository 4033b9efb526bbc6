"""Credit notes, revisions, tax and statements; what was issued is refused every change."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.models import F, Q

# Before any invoice had tax. The trip's day is the company calendar's, as it is for new ones.
FILL = """
UPDATE billing_invoice i SET
    subtotal_cents = total_cents,
    served_on = (coalesce(t.dropped_off_at, t.state_since) AT TIME ZONE
        coalesce((SELECT time_zone FROM trips_company WHERE id = 1), 'UTC'))::date
FROM trips_trip t WHERE t.id = i.trip_id
"""

# TRUNCATE stays possible: tests empty their tables, and it cannot be used on a single row.
GUARD = """
CREATE FUNCTION billing_keep_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - TG_ARGV IS DISTINCT FROM to_jsonb(OLD) - TG_ARGV THEN
        RAISE EXCEPTION '% is issued: it is never changed', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_issued BEFORE UPDATE OR DELETE ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION billing_keep_issued('state', 'sent_at');
CREATE TRIGGER keep_issued BEFORE UPDATE OR DELETE ON billing_statement
    FOR EACH ROW EXECUTE FUNCTION billing_keep_issued('sent_at');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION atw_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_statementitem
    FOR EACH ROW EXECUTE FUNCTION atw_refuse_change();
"""
NO_GUARD = """
DROP TRIGGER append_only ON billing_statementitem;
DROP TRIGGER append_only ON billing_invoiceline;
DROP TRIGGER keep_issued ON billing_statement;
DROP TRIGGER keep_issued ON billing_invoice;
DROP FUNCTION billing_keep_issued();
"""

# At the commit, so that lines may follow their invoice; a line that comes later is refused too.
SUMS = """
CREATE FUNCTION billing_check_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_invoice bigint := CASE TG_TABLE_NAME WHEN 'billing_invoice'
        THEN (to_jsonb(NEW) ->> 'id')::bigint ELSE (to_jsonb(NEW) ->> 'invoice_id')::bigint END;
BEGIN
    IF (SELECT subtotal_cents FROM billing_invoice WHERE id = of_invoice) IS DISTINCT FROM
       (SELECT coalesce(sum(amount_cents), 0) FROM billing_invoiceline
        WHERE invoice_id = of_invoice)
    THEN
        RAISE EXCEPTION 'the lines of invoice % are not its subtotal', of_invoice
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER lines_are_the_subtotal AFTER INSERT ON billing_invoice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_check_sum();
CREATE CONSTRAINT TRIGGER lines_are_the_subtotal AFTER INSERT ON billing_invoiceline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_check_sum();
"""
NO_SUMS = """
DROP TRIGGER lines_are_the_subtotal ON billing_invoiceline;
DROP TRIGGER lines_are_the_subtotal ON billing_invoice;
DROP FUNCTION billing_check_sum();
"""

_CHARGED = [
    migrations.CreateModel(
        name="UnpricedTrip",
        fields=[
            (
                "trip",
                models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT,
                    primary_key=True,
                    related_name="unpriced",
                    serialize=False,
                    to="trips.trip",
                ),
            ),
            ("reason", models.CharField(max_length=200)),
            ("since", models.DateTimeField()),
            ("solved_at", models.DateTimeField(blank=True, null=True)),
        ],
        options={
            "indexes": [
                models.Index(
                    condition=Q(solved_at__isnull=True), fields=["since"], name="unpriced_open"
                )
            ],
        },
    ),
    migrations.AddField(
        model_name="invoice",
        name="cause",
        field=models.CharField(
            choices=[
                ("ride", "the ride itself"),
                ("correction", "late data or a reopened trip"),
                ("rate", "a corrected rate"),
                ("void", "taken back by a person"),
            ],
            default="ride",
            max_length=12,
        ),
    ),
    migrations.AddField(
        model_name="invoice",
        name="corrects",
        field=models.OneToOneField(
            blank=True,
            null=True,
            on_delete=django.db.models.deletion.PROTECT,
            related_name="credited_by",
            to="billing.invoice",
        ),
    ),
    migrations.AddField(
        model_name="invoice",
        name="issued_by",
        field=models.ForeignKey(
            blank=True,
            help_text="Who asked for it; empty: the system.",
            null=True,
            on_delete=django.db.models.deletion.PROTECT,
            to=settings.AUTH_USER_MODEL,
        ),
    ),
    migrations.AddField(
        model_name="invoice",
        name="reason",
        field=models.CharField(blank=True, help_text="In a person's words.", max_length=250),
    ),
    migrations.AddField(
        model_name="invoice",
        name="served_on",
        field=models.DateField(null=True, help_text="The trip's day by the company's calendar."),
    ),
    migrations.AddField(
        model_name="invoice",
        name="subtotal_cents",
        field=models.IntegerField(null=True, help_text="The sum of its lines."),
    ),
    migrations.AddField(
        model_name="invoice", name="tax_cents", field=models.IntegerField(default=0)
    ),
    migrations.AddField(
        model_name="invoice",
        name="tax_name",
        field=models.CharField(blank=True, max_length=32),
    ),
    migrations.AddField(
        model_name="invoice",
        name="tax_percent",
        field=models.DecimalField(decimal_places=3, default=0, max_digits=5),
    ),
    migrations.RunSQL(FILL, migrations.RunSQL.noop),
    # The rows that were just changed have checks of their references pending.
    migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
    migrations.AlterField(
        model_name="invoice",
        name="served_on",
        field=models.DateField(help_text="The trip's day by the company's calendar."),
    ),
    migrations.AlterField(
        model_name="invoice",
        name="subtotal_cents",
        field=models.IntegerField(help_text="The sum of its lines."),
    ),
    migrations.AddField(
        model_name="invoiceline",
        name="modifiers",
        field=models.CharField(blank=True, help_text="Separated by blanks.", max_length=32),
    ),
    migrations.AddField(
        model_name="invoiceline",
        name="rate",
        field=models.ForeignKey(
            blank=True,
            help_text="The version that made the price.",
            null=True,
            on_delete=django.db.models.deletion.PROTECT,
            to="billing.rate",
        ),
    ),
    migrations.AlterField(
        model_name="invoice",
        name="kind",
        field=models.CharField(
            choices=[("trip", "Trip"), ("copay", "Co-pay"), ("credit", "Credit note")],
            default="trip",
            max_length=8,
        ),
    ),
    migrations.AlterField(
        model_name="invoice",
        name="total_cents",
        field=models.IntegerField(help_text="With tax; negative on a credit note."),
    ),
    migrations.AlterField(
        model_name="invoiceline",
        name="code",
        field=models.CharField(blank=True, help_text="HCPCS; empty for a co-pay.", max_length=8),
    ),
    migrations.AlterField(
        model_name="invoiceline",
        name="invoice",
        field=models.ForeignKey(
            on_delete=django.db.models.deletion.PROTECT,
            related_name="lines",
            to="billing.invoice",
        ),
    ),
    migrations.AddIndex(
        model_name="invoice",
        index=models.Index(fields=["issued_at"], name="invoice_by_issue"),
    ),
    migrations.AddIndex(
        model_name="invoice",
        index=models.Index(fields=["served_on"], name="invoice_by_service_day"),
    ),
    migrations.AddConstraint(
        model_name="invoice",
        constraint=models.CheckConstraint(
            condition=Q(total_cents=F("subtotal_cents") + F("tax_cents")),
            name="invoice_total_is_subtotal_and_tax",
        ),
    ),
    migrations.AddConstraint(
        model_name="invoice",
        constraint=models.CheckConstraint(
            condition=Q(kind="credit", corrects__isnull=False, total_cents__lte=0)
            | (~Q(kind="credit") & Q(corrects__isnull=True, total_cents__gte=0)),
            name="invoice_credit_corrects_one",
        ),
    ),
]

_STATEMENTS = [
    migrations.CreateModel(
        name="StatementCounter",
        fields=[
            ("year", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
            ("last", models.PositiveIntegerField(default=0)),
        ],
        options={"abstract": False},
    ),
    migrations.CreateModel(
        name="Statement",
        fields=[
            (
                "id",
                models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                ),
            ),
            ("number", models.CharField(max_length=16, unique=True)),
            ("month", models.DateField(help_text="Its first day.")),
            ("currency", models.CharField(max_length=3)),
            ("total_cents", models.BigIntegerField()),
            ("issued_at", models.DateTimeField()),
            ("sent_at", models.DateTimeField(blank=True, null=True)),
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
        ],
        options={
            "constraints": [
                models.UniqueConstraint(
                    fields=("payer", "facility", "month", "currency"),
                    name="statement_once",
                    nulls_distinct=False,
                ),
                models.CheckConstraint(
                    condition=Q(payer__isnull=False, facility__isnull=True)
                    | Q(payer__isnull=True, facility__isnull=False),
                    name="statement_one_debtor",
                ),
                models.CheckConstraint(condition=Q(month__day=1), name="statement_of_a_month"),
            ],
        },
    ),
    migrations.CreateModel(
        name="StatementItem",
        fields=[
            (
                "invoice",
                models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT,
                    primary_key=True,
                    related_name="statement_item",
                    serialize=False,
                    to="billing.invoice",
                ),
            ),
            (
                "statement",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="items",
                    to="billing.statement",
                ),
            ),
        ],
    ),
]

# Documents were columns; now they are files of the storage, whatever that is.
MOVE = """
INSERT INTO billing_storedfile (name, content, created_at)
    SELECT 'invoices/' || invoice_id || '.pdf', content, created_at FROM billing_invoicedocument;
UPDATE billing_invoicedocument SET name = 'invoices/' || invoice_id || '.pdf',
    sha256 = encode(sha256(content), 'hex'), size_bytes = length(content);
"""
KEEP_DOCUMENTS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_invoicedocument
    FOR EACH ROW EXECUTE FUNCTION atw_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_statementdocument
    FOR EACH ROW EXECUTE FUNCTION atw_refuse_change();
"""
NO_KEEP_DOCUMENTS = """
DROP TRIGGER append_only ON billing_statementdocument;
DROP TRIGGER append_only ON billing_invoicedocument;
"""

#: Of documents and where they are stored (billing/pdf.py).
_DOCUMENTS: list[Operation] = [
    migrations.CreateModel(
        name="StoredFile",
        fields=[
            ("name", models.CharField(max_length=200, primary_key=True, serialize=False)),
            ("content", models.BinaryField()),
            ("created_at", models.DateTimeField(auto_now_add=True)),
        ],
    ),
    migrations.AddField(
        model_name="invoicedocument",
        name="name",
        field=models.CharField(default="", max_length=200),
        preserve_default=False,
    ),
    migrations.AddField(
        model_name="invoicedocument",
        name="sha256",
        field=models.CharField(default="", max_length=64),
        preserve_default=False,
    ),
    migrations.AddField(
        model_name="invoicedocument",
        name="size_bytes",
        field=models.PositiveIntegerField(default=0),
        preserve_default=False,
    ),
    migrations.RunSQL(MOVE, migrations.RunSQL.noop),
    migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
    migrations.RemoveField(model_name="invoicedocument", name="content"),
    migrations.AlterField(
        model_name="invoicedocument",
        name="invoice",
        field=models.OneToOneField(
            on_delete=django.db.models.deletion.PROTECT,
            primary_key=True,
            related_name="document",
            serialize=False,
            to="billing.invoice",
        ),
    ),
    migrations.CreateModel(
        name="StatementDocument",
        fields=[
            ("name", models.CharField(max_length=200)),
            ("sha256", models.CharField(max_length=64)),
            ("size_bytes", models.PositiveIntegerField()),
            ("created_at", models.DateTimeField(auto_now_add=True)),
            (
                "statement",
                models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT,
                    primary_key=True,
                    related_name="document",
                    serialize=False,
                    to="billing.statement",
                ),
            ),
        ],
        options={"abstract": False},
    ),
    migrations.RunSQL(KEEP_DOCUMENTS, NO_KEEP_DOCUMENTS),
]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0004_rates"),
        ("trips", "0012_reports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *_CHARGED,
        *_STATEMENTS,
        *_DOCUMENTS,
        migrations.RunSQL(GUARD, NO_GUARD),
        migrations.RunSQL(SUMS, NO_SUMS),
    ]
