"""Rows as a CSV answer that is sent while it is read, under ASGI and elsewhere."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial
from itertools import chain, islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from trips.exports import safe_cell
from trips.reports.queries import Row

PIECE = 500


def csv_answer(
    request: HttpRequest, header: Iterable[str], rows: Iterator[Row], name: str
) -> StreamingHttpResponse:
    """A file `name` with these columns; no cell is a formula."""
    pieces = _pieces(tuple(header), rows)
    # Read before the status is sent: a database that is away is a 503.
    pieces = chain([next(pieces)], pieces)
    streamed = _awaited(pieces) if isinstance(request, ASGIRequest) else pieces
    answer = StreamingHttpResponse(streamed, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _pieces(header: tuple[str, ...], rows: Iterator[Row]) -> Iterator[bytes]:
    piece = [dict(zip(header, header, strict=True)), *islice(rows, PIECE)]
    while piece:
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerows([safe_cell(row[name]) for name in header] for row in piece)
        yield text.getvalue().encode()
        piece = list(islice(rows, PIECE))


async def _awaited(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(partial(next, pieces, None))
    while (piece := await following()) is not None:
        yield piece
