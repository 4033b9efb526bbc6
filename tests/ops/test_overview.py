"""What `celery_manager` and `/api/system/` count, and how it ends where nobody reads on."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from devtools.bootstrap import ROOT
from trips.operations import overview
from users.models import Notification

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_went_wrong_with_mails_is_counted_for_a_week_and_what_waits_for_ever() -> None:
    now, states = timezone.now(), Notification.State
    for days, state in product((0, overview.MAIL_DAYS + 1), states):
        tried = None if state in (states.QUEUED, states.SKIPPED) else now - timedelta(days=days)
        Notification.objects.create(
            address="pia@example.org", channel="email", kind="test", key=f"{state}:{days}",
            state=state, due_at=now, claimed_at=tried,
        )  # fmt: skip
    assert overview.owed()["mail"] == {"claimed": 1, "failed": 1, "unknown": 1, "queued": 2}


def test_whoever_reads_only_the_beginning_sees_no_traceback(process_env: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    argv = [sys.executable, "manage.py", "celery_manager", "queues"]
    env = {**process_env, "PYTHONUNBUFFERED": ""}
    try:
        done = subprocess.run(
            argv, cwd=ROOT, env=env, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
