"""What the logs of a crash hold: where and what kind, never a person's words."""

from __future__ import annotations

import logging

from config.logs import Formatter

SECRET = "Pia Nyberg, Garden Street 1"


def _crash() -> logging.LogRecord:
    try:
        raise ValueError(SECRET)
    except ValueError as exc:
        return logging.getLogger("celery.app.trace").makeRecord(
            "celery.app.trace",
            logging.ERROR,
            __file__,
            1,
            "Task %(name)s[%(id)s] raised unexpected: %(exc)s",
            ({"name": "users.tasks.send_mail", "id": "1", "exc": repr(exc)},),
            exc_info=(type(exc), exc, exc.__traceback__),
        )


def test_a_failed_tasks_line_names_the_exceptions_type_and_not_its_text() -> None:
    line = Formatter("%(levelname)s %(message)s").format(_crash())
    assert "raised unexpected: ValueError" in line
    assert "in _crash" in line
    assert SECRET not in line.replace("raise ValueError(SECRET)", "")


def test_a_crash_in_a_chain_of_causes_keeps_quiet_about_all_of_them() -> None:
    try:
        try:
            raise ValueError(SECRET)
        except ValueError:
            raise RuntimeError(SECRET) from None
    except RuntimeError as exc:
        text = Formatter().formatException((type(exc), exc, exc.__traceback__))
    assert text.endswith("RuntimeError")
    assert SECRET not in text
