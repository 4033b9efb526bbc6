"""What every endpoint shares: how bodies are read and lists are paged."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class JSONParser(parsers.JSONParser):
    """JSON; a body that is nested too deeply to read is the client's fault, not ours."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None


class Pages(PageNumberPagination):
    """`{count, next, previous, results}`, 50 a page, `?page_size=` up to 200."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int | None:
        """As asked; a page of ours may say itself how many rows it needs of one moment."""
        return getattr(request, "rows", None) or super().get_page_size(request)
