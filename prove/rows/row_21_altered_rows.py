"""Row 21: somebody with the application's own login alters the evidence."""

from __future__ import annotations

import psycopg

from devtools.bootstrap import SetupError
from prove.row import Outcome, Row
from prove.stack import Stack
from tests.cast import open_company
from users.audit.entries import Entry, append_change

#: Who owns a table may lay its guards down first: only the chain tells of it then.
_LAY_DOWN = {
    "trips_tripevent": "ALTER TABLE trips_tripevent DISABLE TRIGGER append_only",
    "users_auditentry": "GRANT ALL ON users_auditentry TO CURRENT_USER;"
    "ALTER TABLE users_auditentry DISABLE TRIGGER append_only",
}
_COMMANDS = {"trips_tripevent": "verify_evidence", "users_auditentry": "verify_audit"}
_CHANGES = {
    "trips_tripevent": "UPDATE trips_tripevent SET message = 'as I say' WHERE id = %s",
    "users_auditentry": "UPDATE users_auditentry SET actor_id = 1 WHERE id = %s",
}
_CHAINED = {
    "trips_tripevent": "SELECT id FROM trips_tripevent ORDER BY id LIMIT 2",
    "users_auditentry": "SELECT id FROM users_auditentry WHERE number > 0 ORDER BY id LIMIT 2",
}


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """First as any statement of the application would, then with the guards laid down."""
    cast = open_company()
    cast.trip_in("completed")
    for n in range(3):
        append_change(Entry("change", cast.dina.pk, "dispatcher", None, "PATCH /x/", "x", [n]))
    out = Outcome()
    for table, command in _COMMANDS.items():
        altered, deleted = (pk for (pk,) in stack.query(_CHAINED[table]))
        out.faults(f"{table}: statements that were not refused", _tried(stack, table, altered))
        out.expect(f"{command} before", _verdict(stack, command), "0 faults")
        stack.query(_LAY_DOWN[table])
        stack.query(_CHANGES[table], [altered])
        # Streams name events, so one is taken with what names it.
        stack.query("TRUNCATE trips_streamentry")
        stack.query(f"DELETE FROM {table} WHERE id = %s", [deleted])  # noqa: S608 - a constant
        found = _verdict(stack, command)
        out.note(f"{command} after", found)
        out.control(f"{command}: breaks found", int(found.split()[0]))
        out.expect(f"{command}: an alteration is named", "altered" in _said(stack, command), True)
    return out


def _tried(stack: Stack, table: str, pk: int) -> list[str]:
    statements = (_CHANGES[table], f"DELETE FROM {table} WHERE id = %s")  # noqa: S608 - a constant
    return [sql for sql in statements if not _refused(stack, sql, pk)]


def _refused(stack: Stack, sql: str, pk: int) -> bool:
    try:
        stack.query(sql, [pk])
    except psycopg.Error:
        return True
    return False


def _verdict(stack: Stack, command: str) -> str:
    """`N faults`, the end of what the command says."""
    return _said(stack, command).strip().rpartition(": ")[2]


def _said(stack: Stack, command: str) -> str:
    try:
        return stack.run("manage.py", command)
    except SetupError as failed:
        # It exits with 1 where it finds something, as a monitor wants it.
        return str(failed)


ROW = Row(
    21,
    fault="alter or delete an audit or event row",
    reach="refused; a break in the chain is found",
    bound_s=55,
    run=run,
    quick=1.0,
)
