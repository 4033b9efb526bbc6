"""Writing rates: a price is never overwritten, it is followed or corrected."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.forms.models import model_to_dict

from billing.models import Rate
from users.models import User

#: What a correction does not take over from the rate that it corrects.
_OWN = ("id", "version", "used_at", "created_by", "reason")
#: The columns of the CSV file, in order.
COLUMNS = tuple(
    column.attname for column in Rate._meta.concrete_fields if column.attname != "created_by_id"
)


class RateConflict(Exception):
    """Another rate stands in the way; str() is for people, `rate` the other one if it is known."""

    def __init__(self, words: str, rate: Rate | None = None) -> None:
        super().__init__(words)
        self.rate = rate


def add_rate(*, by: User, corrects: int | None = None, **fields: Any) -> Rate:
    """A new rate, or a new version of the one that it `corrects` (begins the same day).

    Django's ValidationError where its numbers are none; RateConflict where another rate begins
    that day, or holds on one of its days.
    """
    key = {name: fields.get(name) for name in ("payer", "mobility", "valid_from")}
    newest = Rate.objects.filter(**key).order_by("-version").first()
    if newest is not None and corrects is None:
        raise RateConflict(
            f"Rate {newest.pk} begins on that day: to correct it, send `corrects`.", newest
        )
    if corrects is not None and (newest is None or newest.pk != corrects):
        raise RateConflict(
            "Only the newest rate of this payer, level and day is corrected.", newest
        )
    rate = Rate(**fields, created_by=by, version=newest.version + 1 if newest else 1)
    rate.full_clean()
    try:
        with transaction.atomic():
            rate.save()
    except IntegrityError:
        raise RateConflict("Somebody has just added another rate there; look again.") from None
    return rate


def withdraw(*, by: User, rate: Rate, reason: str) -> Rate:
    """A version of `rate` that holds on no day: what held before it began holds again."""
    kept = model_to_dict(rate, exclude=_OWN)
    kept |= {"payer": rate.payer, "valid_to": rate.valid_from - timedelta(days=1)}
    return add_rate(by=by, corrects=rate.pk, reason=reason, **kept)


def csv_rows(rates: QuerySet[Rate]) -> Iterator[dict[str, object]]:
    """Each rate as cells by the names of COLUMNS."""
    return iter(rates.values(*COLUMNS).iterator(chunk_size=500))
