"""`POST /api/trips/import/`: a manifest comes in; the job's result says what became of it."""

import gzip
from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, parsers, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.uploads import CSV_BODY, TooLarge, raw_parser
from trips.intake.manifest import BadManifest, open_sheet
from trips.list_api import needs
from trips.task_api import begin_task
from users.api import StrictSerializer
from users.roles import Permission

CsvParser = raw_parser("text/csv", lambda: settings.MAX_IMPORT_BYTES)


class ImportOptions(StrictSerializer):
    """`?dry_run=1` only checks, `create_patients=1` makes unknown ones, `accept=1` schedules."""

    dry_run = serializers.BooleanField(default=False)
    create_patients = serializers.BooleanField(default=False)
    accept = serializers.BooleanField(default=False)


class ImportView(APIView):
    """A CSV manifest -> `202 {task_id}`; docs/INTAKE.md has the columns and the result."""

    parser_classes = [parsers.MultiPartParser, CsvParser]
    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(
        parameters=[ImportOptions],
        request=CSV_BODY,
        responses={202: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        options = ImportOptions(data=request.query_params.dict())
        options.is_valid(raise_exception=True)
        content = content_of(request)
        try:
            open_sheet(content)
        except BadManifest as bad:
            raise exceptions.ValidationError({"file": [str(bad)]}) from None
        parameters: dict[str, Any] = options.validated_data
        return begin_task(
            request, "trips.tasks.import_trips", parameters, content=gzip.compress(content)
        )


def content_of(request: Request) -> bytes:
    """The file's bytes, bounded."""
    given = request.data.get("file") if hasattr(request.data, "get") else None
    if given is not None and hasattr(given, "read"):
        given = given.read(settings.MAX_IMPORT_BYTES + 1)
    if not isinstance(given, bytes) or not given:
        raise exceptions.ValidationError({"file": ["A CSV file is needed."]})
    if len(given) > settings.MAX_IMPORT_BYTES:
        raise TooLarge(f"The file may have {settings.MAX_IMPORT_BYTES} bytes.")
    return given
