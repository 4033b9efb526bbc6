"""Appending to the audit: reads by one statement, changes as links of their month's chain."""

import ipaddress
import threading
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from datetime import date, datetime
from functools import cache

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from config.chain import link_hash

#: Of one answer; a longer list is a report, and its route says so.
MOST_IDS = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """What one request saw or changed; columns of `users.models.AuditEntry` in their order."""

    action: str
    actor_id: int | None
    role: str
    address: str | None
    route: str
    kind: str
    ids: list[int] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    status: int = 200
    request_id: str = ""


_COLUMNS = "at, action, actor_id, role, address, route, kind, ids, fields, status, request_id"
# A read need not wait for the disk: what a crash of PostgreSQL may cost are the reads of its last
# half second, and nobody's answer takes longer for having been looked at.
_READ = f"""
    WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO users_auditentry ({_COLUMNS})
    SELECT %s, %s, %s, %s, %s::inet, %s, %s, %s::bigint[], %s::text[], %s, %s FROM unhurried
"""  # noqa: S608 - constants
# Locks the month's row, and makes it where it is the first change.
_LAST = """
    INSERT INTO users_auditchain AS chain (month) VALUES (%s)
    ON CONFLICT (month) DO UPDATE SET length = chain.length
    RETURNING length, hash
"""
_CHANGE = f"""
    WITH head AS (UPDATE users_auditchain SET length = %s, hash = %s WHERE month = %s)
    INSERT INTO users_auditentry ({_COLUMNS}, number, previous_hash, hash)
    VALUES (%s, %s, %s, %s, %s::inet, %s, %s, %s::bigint[], %s::text[], %s, %s, %s, %s, %s)
"""  # noqa: S608 - constants


def append_read(entry: Entry) -> None:
    """One statement, without a lock on anything that another request needs."""
    append_reads([(timezone.now(), entry)])


def append_reads(entries: list[tuple[datetime, Entry]]) -> None:
    """Several, each with its time, in one transaction."""
    for at, _entry in entries:
        _make_month(at)
    with connection.cursor() as cursor:
        cursor.executemany(_READ, [[at, *astuple(entry)] for at, entry in entries])


def append_change(entry: Entry) -> None:
    """The next link of this month's chain; changes wait for each other, reads for nobody."""
    now = timezone.now()
    _make_month(now)
    month = month_of(now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LAST, [month])
        length, previous_hash = cursor.fetchone()
        number = length + 1
        new_hash = link_hash(previous_hash, hashed(now, entry, number, previous_hash))
        row = [now, *astuple(entry), number, previous_hash, new_hash]
        cursor.execute(_CHANGE, [number, new_hash, month, *row])


def shown(request: HttpRequest, kind: str, ids: Iterable[int]) -> None:
    """Say what a page without a login showed: nobody else knows what its link is for."""
    request.audited = (kind, list(ids))  # type: ignore[attr-defined]


def address_of(text: str | None) -> str | None:
    """An address in its one spelling; None where there is none, as behind a UNIX socket."""
    try:
        # Without the zone of a link-local one, which PostgreSQL does not know.
        return str(ipaddress.ip_address((text or "").partition("%")[0]))
    except ValueError:
        return None


def hashed(at: datetime, entry: Entry, number: int, previous_hash: str) -> dict[str, object]:
    """What a link's hash is over."""
    return {
        **{name: getattr(entry, name) for name in Entry.__dataclass_fields__},
        "at": at,
        "number": number,
        "previous_hash": previous_hash,
    }


def month_of(at: datetime) -> date:
    """The first of its UTC month."""
    return at.date().replace(day=1)


_making = threading.Lock()


def _make_month(now: datetime) -> None:
    with _making:
        _make(month_of(now))


@cache
def _make(month: date) -> None:
    """Once in a process: beat makes months ahead, but may have been down since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT users_audit_make_month(%s)", [month])
