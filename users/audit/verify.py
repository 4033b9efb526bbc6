"""Whether the changes of each month are what was written."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from config.chain import Fault, Link, faults
from users.audit.entries import Entry, hashed
from users.models import AuditChain, AuditEntry


def verify(month: date | None = None) -> Iterator[tuple[date, int, Fault]]:
    """(month, number, what is wrong); of `month` or of all that are kept."""
    chains = AuditChain.objects.order_by("month")
    for chain in chains if month is None else chains.filter(month=month):
        for number, fault in faults(_links(chain.month), chain.length):
            yield chain.month, number, fault


def count() -> int:
    """Changes in all chains that are kept."""
    return AuditEntry.objects.filter(number__isnull=False).count()


def _links(month: date) -> Iterator[Link]:
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    after = (start + timedelta(days=31)).replace(day=1)
    rows = AuditEntry.objects.filter(number__isnull=False, at__gte=start, at__lt=after)
    for row in rows.order_by("number").iterator(chunk_size=1_000):
        entry = Entry(**{name: getattr(row, name) for name in Entry.__dataclass_fields__})
        number = int(row.number or 0)
        content = hashed(row.at, entry, number, row.previous_hash)
        yield Link(number, content, row.previous_hash, row.hash)
