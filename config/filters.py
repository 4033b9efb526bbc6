"""Filters of lists that name another object."""

from typing import Any

import django_filters
from django.db import models

#: The highest number that a key has.
MOST = 2**63 - 1


def number(field_name: str, **more: Any) -> django_filters.NumberFilter:
    """A filter by key: a foreign one finds as little as one of nothing."""
    return django_filters.NumberFilter(
        field_name=field_name, min_value=0, max_value=MOST, decimal_places=0, **more
    )


class Filters(django_filters.FilterSet):  # type: ignore[misc]
    """Whatever `Meta.fields` names is asked for by key, and never looked up.

    The choice of an object that `django_filters` makes instead answers 400 where there is none,
    and so tells everybody which numbers are taken.
    """

    FILTER_DEFAULTS = {
        **django_filters.FilterSet.FILTER_DEFAULTS,
        models.ForeignKey: {
            "filter_class": django_filters.NumberFilter,
            "extra": lambda field: {"min_value": 0, "max_value": MOST, "decimal_places": 0},
        },
    }
