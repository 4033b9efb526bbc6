"""`/api/patients/`: whom somebody may book for; dispatchers look for them and add new ones."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.problems import Unprocessable
from trips import access, once
from trips.list_api import ListViewSet
from trips.models import Patient, Payer
from trips.taps import ReusedClientEventId
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission


class PatientSerializer(serializers.ModelSerializer[Patient]):
    class Meta:
        model = Patient
        fields = ["id", "name", "email", "phone", "address", "member_id", "payer"]


class NewPatientSerializer(StrictSerializer):
    """A patient who is not on record yet."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(max_length=254, allow_blank=True, default="")
    phone = serializers.CharField(max_length=32, allow_blank=True, default="")
    address = serializers.CharField(max_length=250, allow_blank=True, default="")
    member_id = serializers.CharField(max_length=64, allow_blank=True, default="")
    payer = serializers.PrimaryKeyRelatedField(
        queryset=Payer.objects.filter(is_active=True), allow_null=True, default=None
    )
    client_event_id = serializers.CharField(
        max_length=64, default="", help_text="The same id again: the same answer, added once."
    )


class PatientFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?q=`: each word is in the name, the phone number or the member id."""

    q = django_filters.CharFilter(method="by_words", max_length=200)

    def by_words(self, patients: QuerySet[Patient], name: str, value: str) -> QuerySet[Patient]:
        for word in value.split():
            named = Q(name__icontains=word) | Q(member_id__icontains=word)
            patients = patients.filter(named | Q(phone__contains=word))
        return patients


class PatientViewSet(ListViewSet):
    serializer_class = PatientSerializer
    queryset = Patient.objects.none()
    filterset_class = PatientFilter

    def get_queryset(self) -> QuerySet[Patient]:
        user = self.request.user
        return (
            access.visible_patients(user).order_by("name", "id")
            if isinstance(user, User)
            else (Patient.objects.none())
        )

    @extend_schema(request=NewPatientSerializer, responses={201: PatientSerializer})
    def create(self, request: Request) -> Response:
        """Add a patient. For dispatchers."""
        user = request.user
        if not (isinstance(user, User) and user.may(Permission.DISPATCH_TRIPS)):
            raise exceptions.PermissionDenied
        given = NewPatientSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields: dict[str, Any] = dict(given.validated_data)
        try:
            body = once.answer_once(
                user=user,
                client_event_id=fields.pop("client_event_id"),
                request=dict(request.data),
                make=lambda: PatientSerializer(Patient.objects.create(**fields)).data,
            )
        except ReusedClientEventId:
            raise Unprocessable("This client_event_id came before with another body.") from None
        return Response(body, status=201)
