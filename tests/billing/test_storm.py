"""A thousand rides in a storm (fewer in `make test`): each is billed and mailed exactly once."""

from __future__ import annotations

import os
import time

import pytest

from tests.billing import weather
from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, Mailbox
from tests.plugin import Services

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def asked(name: str, default: int) -> int:
    """How many, from the command line of `tests.billing.storm`."""
    return int(os.environ.get(f"STORM_{name}", default))


def test_every_ride_is_billed_and_mailed_once_though_the_worker_dies_and_all_comes_twice(
    cast: Cast,
    services: Services,
    process_env: dict[str, str],
    celery_worker_process: CeleryWorker,
    smtp_sink: Mailbox,
) -> None:
    kills, mail_kills = asked("KILLS", 2), asked("MAIL_KILLS", 0)
    # It reads all queues and would do the work of those that die.
    celery_worker_process.stop()
    normal = weather.QueueWorker(services, process_env, "normal", ["high_priority", "normal"])
    mailing = weather.QueueWorker(services, process_env, "low", ["low_priority"])
    try:
        trips = weather.rides(cast, asked("TRIPS", 40))
        began = time.monotonic()
        weather.blow(cast, trips, normal, mailing, kills=kills, mail_kills=mail_kills)
        found = weather.report(trips, smtp_sink)
    finally:
        normal.stop()
        mailing.stop()
        celery_worker_process.start()
    print(f"\n{kills} + {mail_kills} kills, {time.monotonic() - began:.0f} s:", found)
    assert found["invoices"] == len(trips)
    assert found["gapless"]
    assert found["twice"] == []
    assert found["deliveries"].keys() == {"done"}  # type: ignore[attr-defined]
    assert kills == 0 or found["second attempts"]
    unknown = found["states"].get("unknown", 0)  # type: ignore[attr-defined]
    assert found["states"] == {"sent": len(trips) - unknown} | (
        {"unknown": unknown} if unknown else {}
    )
    # Of a mail whose answer never came nobody knows whether it was taken.
    assert len(trips) - unknown <= found["mails"] <= len(trips)  # type: ignore[operator]
    assert unknown == 0 or mail_kills
