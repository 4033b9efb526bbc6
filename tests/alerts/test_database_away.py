"""An alarm that could not be kept is not answered 2xx: the phone sends it again."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from trips import alerts
from trips.tracking.dialects import Report
from trips.tracking.lane import Unavailable


async def test_an_alarm_without_a_database_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(alerts, "raise_alert", away)
    with pytest.raises(Unavailable):
        await alerts.from_phone(1, Report("traccar10", None, [], alarm="sos"))
