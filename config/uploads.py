"""Bodies that are files: read as they come, never more than one byte over their limit."""

from collections.abc import Callable, Mapping
from typing import IO, Any

from rest_framework import exceptions, parsers


class TooLarge(exceptions.APIException):
    """413; the detail names the limit in bytes."""

    status_code = 413


def raw_parser(media_type: str, most_bytes: Callable[[], int]) -> type[parsers.BaseParser]:
    """A parser of `media_type` bodies as {"file": bytes}.

    `most_bytes` is asked at each request; a longer body comes with one byte more, so that its
    reader can tell.
    """
    return type("RawParser", (_Raw,), {"media_type": media_type, "most_bytes": most_bytes})


class _Raw(parsers.BaseParser):
    most_bytes: Callable[[], int]

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, bytes]:
        return {"file": stream.read(type(self).most_bytes() + 1)}


#: The two ways to send a CSV, for OpenAPI.
CSV_BODY: dict[str, Any] = {
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    },
    "text/csv": {"type": "string"},
}
