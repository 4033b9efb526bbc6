"""Log lines without people in them: an exception is named by its type and its place.

The text of one may hold what a person typed or a row of the database
(`Key (email)=(…) already exists`), so it is never written.
"""

import logging
import traceback
from types import TracebackType

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(logging.Formatter):
    """Django's and Celery's lines, with each exception reduced to frames and type."""

    def formatException(self, ei: ExcInfo) -> str:
        kind, _, where = ei
        name = kind.__name__ if kind else "unknown exception"
        return "".join(traceback.format_tb(where)) + name

    def format(self, record: logging.LogRecord) -> str:
        # Celery puts the exception's text and traceback among the arguments.
        if isinstance(record.args, dict) and "exc" in record.args and record.exc_info:
            kind = record.exc_info[0]
            name = kind.__name__ if kind else "unknown exception"
            record.args = {**record.args, "exc": name, "traceback": ""}
        return super().format(record)
