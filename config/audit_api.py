"""`/api/audit/`: who saw and who changed what. For administrators, whose own look is in it too."""

from datetime import datetime, timedelta
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from rest_framework import mixins, serializers, viewsets
from rest_framework.pagination import CursorPagination

from config.filters import number
from trips.list_api import needs
from trips.models import Trip
from users.models import AuditEntry
from users.roles import Permission

#: PostgreSQL knows no clock that is further from UTC.
MOST_OFFSET = timedelta(hours=16)


def check_offset(at: datetime) -> None:
    """Raise ValidationError for a clock that is on no map."""
    if abs(at.utcoffset() or timedelta()) >= MOST_OFFSET:
        raise ValidationError("No clock is so far from UTC.")


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """One request or opened socket. Changes have a `number` in their month's chain."""

    class Meta:
        model = AuditEntry
        fields = [
            "id",
            "at",
            "action",
            "actor_id",
            "role",
            "address",
            "route",
            "kind",
            "ids",
            "fields",
            "status",
            "request_id",
            "number",
            "hash",
        ]


class NewestFirst(CursorPagination):
    """A log is not counted: it has no end."""

    page_size = 100
    ordering = ("-at", "-id")


class AuditFilter(django_filters.FilterSet):  # type: ignore[misc]
    """By who, what, whom and when."""

    actor = number("actor_id", help_text="User id.")
    kind = django_filters.CharFilter(help_text="What the ids are of: trips, patients, invoices.")
    id = number("ids", method="with_id", help_text="An id that was seen or changed.")
    patient = number(
        "ids",
        method="of_patient",
        help_text="Patient id: all that showed the person or one of their trips.",
    )
    action = django_filters.ChoiceFilter(choices=AuditEntry.Action.choices)
    since = django_filters.IsoDateTimeFilter("at", "gte", validators=[check_offset])
    until = django_filters.IsoDateTimeFilter("at", "lt", validators=[check_offset])

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def with_id(self, found: QuerySet[AuditEntry], name: str, value: Any) -> QuerySet[AuditEntry]:
        """Entries that name this id."""
        return found.filter(ids__contains=[int(value)])

    def of_patient(
        self, found: QuerySet[AuditEntry], name: str, value: Any
    ) -> QuerySet[AuditEntry]:
        """Entries about the patient, or about a trip of theirs."""
        trips = list(Trip.objects.filter(patient_id=int(value)).values_list("pk", flat=True))
        about = Q(kind="patients", ids__contains=[int(value)])
        return found.filter(about | Q(kind="trips", ids__overlap=trips))


class AuditViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[AuditEntry]):
    """What was seen and changed, newest first. Whole boards and reports name no ids."""

    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    pagination_class = NewestFirst
    filterset_class = AuditFilter
    permission_classes = [needs(Permission.MANAGE)]
