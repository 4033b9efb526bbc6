"""The lists around trips: facilities and payers; and what lists share."""

from typing import Any

from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from trips.models import Facility, Payer
from users.models import User
from users.roles import Permission


class Needs(BasePermission):
    """403 for roles that may never do it; used as `needs(Permission.X)`."""

    permission: Permission

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.may(self.permission)


def needs(permission: Permission) -> type[Needs]:
    """A permission class for one entry of the roles' table."""
    return type("Needs", (Needs,), {"permission": permission})


class ListViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """A read-only list."""

    lookup_value_regex = r"\d{1,18}"


class FacilitySerializer(serializers.ModelSerializer[Facility]):
    class Meta:
        model = Facility
        fields = ["id", "name", "phone", "address"]


class FacilityViewSet(ListViewSet):
    queryset = Facility.objects.order_by("name")
    serializer_class = FacilitySerializer
    permission_classes = [needs(Permission.SEE_PATIENTS)]


class PayerSerializer(serializers.ModelSerializer[Payer]):
    class Meta:
        model = Payer
        fields = ["id", "name", "is_active"]


class PayerViewSet(ListViewSet):
    queryset = Payer.objects.order_by("name")
    serializer_class = PayerSerializer
    permission_classes = [needs(Permission.SEE_PATIENTS)]
