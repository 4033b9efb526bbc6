"""Positions are partitioned by UTC day from the start: dropping an old day costs nothing.

There is no default partition (it would block new days and concurrent detaching); a missing
day is made on demand by `trips_gpsfix_make_day`.
"""

from django.db import migrations

FORWARDS = """
CREATE TABLE trips_gpsfix (
    id bigint GENERATED ALWAYS AS IDENTITY,
    device_id bigint NOT NULL,
    vehicle_id bigint,
    driver_id bigint,
    trip_id bigint,
    recorded_at timestamptz NOT NULL,
    corrected_at timestamptz,
    received_at timestamptz NOT NULL,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    speed_mps real,
    heading_deg real,
    accuracy_m real,
    altitude_m real,
    battery real,
    client_id text,
    verdict text NOT NULL,
    CONSTRAINT gpsfix_once UNIQUE (device_id, recorded_at, latitude, longitude),
    CONSTRAINT gpsfix_client_id_once UNIQUE (device_id, client_id, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX gpsfix_of_trip ON trips_gpsfix (trip_id, recorded_at) WHERE trip_id IS NOT NULL;

CREATE FUNCTION trips_gpsfix_make_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    child text := 'trips_gpsfix_' || to_char(day, 'YYYYMMDD');
BEGIN
    -- Two processes may miss the same day at once.
    PERFORM pg_advisory_xact_lock(hashtext('trips_gpsfix_make_day'));
    IF to_regclass(child) IS NULL THEN
        -- Attaching takes a weaker lock on the parent than CREATE ... PARTITION OF. The ids are
        -- the parent's: PostgreSQL 17 refuses a partition with an identity of its own.
        EXECUTE format('CREATE TABLE %I (LIKE trips_gpsfix INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child);
        EXECUTE format(
            'ALTER TABLE trips_gpsfix ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            child, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    END IF;
END $$;
"""
BACKWARDS = "DROP TABLE trips_gpsfix; DROP FUNCTION trips_gpsfix_make_day(date);"


class Migration(migrations.Migration):
    dependencies = [("trips", "0002_initial")]
    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
