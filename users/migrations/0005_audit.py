"""The audit is partitioned by UTC month, and append-only for everybody who logs in as we do.

The owner of a table may take privileges from itself: UPDATE, DELETE and TRUNCATE are refused by
PostgreSQL until somebody grants them again, which only a person at a prompt does. The trigger
holds where that does not: for a superuser. Old months go by DROP TABLE.
"""

from django.db import migrations, models

FORWARDS = """
CREATE TABLE users_auditentry (
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL CHECK (action IN ('read', 'create', 'change', 'delete', 'refused')),
    actor_id bigint,
    role text NOT NULL,
    address inet,
    route text NOT NULL,
    kind text NOT NULL,
    ids bigint[] NOT NULL,
    fields text[] NOT NULL,
    status smallint NOT NULL,
    request_id text NOT NULL,
    number bigint,
    previous_hash text NOT NULL DEFAULT '',
    hash text NOT NULL DEFAULT '',
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_by_actor ON users_auditentry (actor_id, at);
CREATE INDEX audit_by_id ON users_auditentry USING gin (ids);
CREATE INDEX audit_by_number ON users_auditentry (number) WHERE number IS NOT NULL;

CREATE TABLE users_auditchain (
    month date PRIMARY KEY,
    length bigint NOT NULL DEFAULT 0,
    hash text NOT NULL DEFAULT ''
);

CREATE FUNCTION users_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON users_auditentry
    FOR EACH ROW EXECUTE FUNCTION users_audit_refuse();

-- Asked for by each new month, each day, and after a restore, which brings no privileges.
CREATE FUNCTION users_audit_protect() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one regclass;
BEGIN
    FOR one IN SELECT relid FROM pg_partition_tree('users_auditentry') LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM CURRENT_USER', one);
    END LOOP;
END $$;

CREATE FUNCTION users_audit_make_month(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    start date := date_trunc('month', month);
    child text := 'users_auditentry_' || to_char(start, 'YYYYMM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('users_audit_make_month'));
    IF to_regclass(child) IS NULL THEN
        -- Attaching waits for nobody who reads or writes, as CREATE ... PARTITION OF does.
        EXECUTE format('CREATE TABLE %I (LIKE users_auditentry INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child);
        EXECUTE format(
            'ALTER TABLE users_auditentry ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', child,
            start::timestamp AT TIME ZONE 'UTC',
            (start + interval '1 month')::timestamp AT TIME ZONE 'UTC');
        PERFORM users_audit_protect();
    END IF;
END $$;
SELECT users_audit_make_month((now() AT TIME ZONE 'UTC')::date);
SELECT users_audit_make_month(((now() AT TIME ZONE 'UTC') + interval '1 month')::date);
"""
BACKWARDS = """
DROP TABLE users_auditentry;
DROP TABLE users_auditchain;
DROP FUNCTION users_audit_make_month(date);
DROP FUNCTION users_audit_protect();
DROP FUNCTION users_audit_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("users", "0004_security")]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
            ],
            options={
                "managed": False,
                "db_table": "users_auditentry",
                "verbose_name_plural": "audit entries",
            },
        ),
        migrations.CreateModel(
            name="AuditChain",
            fields=[("month", models.DateField(primary_key=True, serialize=False))],
            options={"managed": False, "db_table": "users_auditchain"},
        ),
    ]
