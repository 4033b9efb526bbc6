"""Deleting old rows a few at a time: no run is long, and no transaction holds many locks."""

from django.db.models import Model, QuerySet

BATCH = 2_000
#: Of one run; what is left over goes tomorrow.
MOST_BATCHES = 50


def delete_some(old: QuerySet[Model], batch: int = BATCH, most: int = MOST_BATCHES) -> int:
    """Delete rows of `old`, oldest first, each batch in a transaction of its own; how many."""
    deleted = 0
    for _ in range(most):
        ids = list(old.order_by("pk").values_list("pk", flat=True)[:batch])
        old.model._base_manager.filter(pk__in=ids).delete()
        deleted += len(ids)
        if len(ids) < batch:
            break
    return deleted
