"""`POST /api/shifts/{id}/correct/`: dispatch puts right what a shift says."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from config.problems import Conflict
from trips import shift_corrections, shifts
from trips.list_api import needs
from trips.models import Shift
from trips.shift_api import ShiftSerializer
from users.api import StrictSerializer
from users.roles import Permission


class CorrectionSerializer(StrictSerializer):
    """What is true instead, and why; what is left out stays. Odometers in miles."""

    reason = serializers.CharField(max_length=250)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False)
    odometer_start = serializers.DecimalField(
        9, 1, min_value=0, required=False, source="odometer_start_mi"
    )
    odometer_end = serializers.DecimalField(
        9, 1, min_value=0, required=False, source="odometer_end_mi"
    )


class CorrectionView(GenericAPIView[Shift]):
    """Times and odometers of a shift of the last week, or of a plan; 409 says why not."""

    queryset = Shift.objects.select_related("driver__user", "vehicle").prefetch_related("breaks")
    serializer_class = ShiftSerializer
    filter_backends = ()
    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(request=CorrectionSerializer, responses=ShiftSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """The same correction again changes nothing more."""
        shift = self.get_object()
        given = CorrectionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields: dict[str, Any] = given.validated_data
        correction = shift_corrections.Correction(**fields)
        try:
            shift_corrections.correct_shift(shift=shift, correction=correction)
        except shifts.ShiftConflict as exc:
            raise Conflict(str(exc)) from None
        except shifts.InvalidShift as exc:
            raise exceptions.ValidationError({exc.field: [str(exc)]}) from None
        return Response(self.get_serializer(self.get_object()).data)
