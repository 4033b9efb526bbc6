"""Who reaches what: one row per route and method, held to the URL conf by a test.

Six letters, one per role in the order of ROLES. Of routes that name an object:

A  every object
O  one's own; a foreign object is as absent
X  none: all are as absent
N  403: the role may never do it, whatever the object

Of routes that name none: A lists everything (or may do it), O lists one's own, X an empty list,
N is 403. What a body may name is tested beside (`test_what_a_body_names.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROLES = ("ada", "dina", "bea", "omar", "pia", "hugo")


@dataclass(frozen=True)
class Row:
    """`kind` names the object in the path or in the list; `body` is good enough to be looked at."""

    who: str
    kind: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


TAP = {"action": "cancel", "reason": "so it goes"}
DAY = {"day": "2031-03-03", "expected_version": 1}
FROM = {"from": "2031-03-03", "expected_version": 1}

#: No login, or one that is in the address itself: nothing to see for whom has neither.
PUBLIC = {
    "GET /healthz",
    "GET /readyz",
    "GET /track/<signed>/",
    "GET /api/calendar/<signed>.ics",
    "POST /api/auth/token/",
    "POST /api/auth/enrol/",
    "GET /driver/",
    "GET /driver/enrol/",
    "GET /driver/manifest.webmanifest",
    "GET /driver/worker.js",
}
#: Any login; nothing in it but oneself.
ANYBODY = {
    "POST /api/auth/logout/",
    "POST /api/auth/logoutall/",
    "POST /api/notifications/read-all/",
    "GET /api/",
    "GET /api/asyncapi.yaml",
    "GET /api/schema/",
    "GET /api/docs/",
    "GET /dispatch/streets.geojson",
}
#: Money, words and their settings are being built: rows come with them, and then this goes.
UNDER_WAY = (
    "/api/auth/enrol/", "/api/authorizations/", "/api/claims/", "/api/holidays/",
    "/api/invoices/", "/api/payments/", "/api/preferences/", "/api/provider-events/",
    "/api/rates/", "/api/statements/", "/api/trips/<pk>/notices/", "/api/webhook", "/i18n/",
    "/styleguide/", "/trips/confirm/", "/unsubscribe/",
)  # fmt: skip
TABLE: dict[str, Row] = {
    # trips
    "GET /api/trips/": Row("AAAOOO", "trip"),
    "POST /api/trips/": Row("AANNAA"),
    "GET /api/trips/<pk>/": Row("AAAOOO", "trip"),
    "PATCH /api/trips/<pk>/": Row("AANNOO", "trip", {"expected_version": 0, "notes": "x"}),
    "POST /api/trips/<pk>/status/": Row("AANOOO", "trip", TAP),
    "GET /api/trips/<pk>/track.geojson": Row("AAAOOO", "trip"),
    "GET /api/trips/<pk>/track.gpx": Row("AAAOOO", "trip"),
    "GET /api/trips/<pk>/evidence/": Row("AAANNN", "trip"),
    "GET /api/trips/<pk>/candidates/": Row("AANNNN", "trip"),
    "GET /api/trips/<pk>/notices/": Row("AANNNN", "trip"),
    "POST /api/trips/<pk>/auto-assign/": Row("AANNNN", "trip"),
    "POST /api/trips/import/": Row("AANNNN"),
    "POST /api/trips/export/": Row("AAAAAA"),
    "POST /api/dispatch/auto-assign/": Row("AANNNN"),
    # standing orders
    "GET /api/standing-orders/": Row("AAANOO", "order"),
    "POST /api/standing-orders/": Row("AANNNA"),
    "POST /api/standing-orders/preview/": Row("AANNNA"),
    "GET /api/standing-orders/<pk>/": Row("AAANOO", "order"),
    "GET /api/standing-orders/<pk>/preview/": Row("AAANOO", "order"),
    "GET /api/standing-orders/<pk>/history/": Row("AAANOO", "order"),
    "POST /api/standing-orders/<pk>/approve/": Row("AANNNN", "order", {"expected_version": 1}),
    "POST /api/standing-orders/<pk>/change/": Row("AANNNN", "order", {**FROM, "notes": "x"}),
    "POST /api/standing-orders/<pk>/pause/": Row("AANNNO", "order", {**FROM, "reason": "x"}),
    "POST /api/standing-orders/<pk>/resume/": Row("AANNNO", "order", FROM),
    "POST /api/standing-orders/<pk>/skip/": Row("AANNNO", "order", DAY),
    "POST /api/standing-orders/<pk>/restore/": Row("AANNNO", "order", DAY),
    "POST /api/standing-orders/<pk>/end/": Row("AANNNO", "order", FROM),
    # people and fleet
    "GET /api/patients/": Row("AAAXOO", "patient"),
    "GET /api/patients/<pk>/": Row("AAAXOO", "patient"),
    "GET /api/facilities/": Row("AAANNN", "facility"),
    "GET /api/facilities/<pk>/": Row("AAANNN", "facility"),
    "GET /api/payers/": Row("AAANNN", "payer"),
    "GET /api/payers/<pk>/": Row("AAANNN", "payer"),
    "GET /api/places/": Row("AANNNA"),
    "POST /api/places/": Row("AANNNA"),
    "GET /api/vehicles/": Row("AANNNN", "vehicle"),
    "GET /api/vehicles/<pk>/": Row("AANNNN", "vehicle"),
    "PATCH /api/vehicles/<pk>/": Row("AANNNN", "vehicle"),
    "GET /api/drivers/": Row("AANNNN", "driver"),
    "GET /api/drivers/<pk>/": Row("AANNNN", "driver"),
    "PATCH /api/drivers/<pk>/": Row("AANNNN", "driver"),
    "GET /api/expiries/": Row("AANNNN"),
    # the driver's day
    "GET /api/shifts/": Row("AANONN", "shift"),
    "POST /api/shifts/": Row("AANANN"),
    "GET /api/shifts/<pk>/": Row("AANONN", "shift"),
    "DELETE /api/shifts/<pk>/": Row("AANNNN", "shift"),
    "POST /api/shifts/<pk>/end/": Row("AANONN", "shift", {"reason": "x"}),
    "POST /api/shifts/<pk>/break/": Row("AANONN", "shift"),
    "POST /api/shifts/<pk>/resume/": Row("AANONN", "shift"),
    "GET /api/driver/day/": Row("NNNANN"),
    "POST /api/driver/pairing/": Row("NNNANN"),
    "POST /api/trips/<pk>/attachments/": Row("NNNONN", "trip"),
    "GET /api/attachments/": Row("AAAONN", "attachment"),
    "GET /api/attachments/<pk>/": Row("AAAONN", "attachment"),
    "GET /api/attachments/<pk>/file/": Row("AAAONN", "attachment"),
    "GET /api/attachments/<pk>/thumbnail/": Row("AAAONN", "attachment"),
    "POST /api/calendar/": Row("NNNANN"),
    "DELETE /api/calendar/": Row("NNNANN"),
    # talking
    "GET /api/messages/": Row("AANONN", "message"),
    "POST /api/messages/": Row("AANANN"),
    "GET /api/messages/<pk>/": Row("AANONN", "message"),
    "GET /api/notifications/": Row("OOOOOO", "notice"),
    "GET /api/notifications/<pk>/": Row("OOOOOO", "notice"),
    "POST /api/notifications/<pk>/read/": Row("OOOOOO", "notice"),
    "GET /api/alerts/": Row("AANNNN", "alert"),
    "POST /api/alerts/": Row("NNNANN", body={"kind": "sos"}),
    "GET /api/alerts/<pk>/": Row("AANNNN", "alert"),
    "POST /api/alerts/<pk>/acknowledge/": Row("AANNNN", "alert"),
    "GET /api/quarantine/": Row("AANNNN", "quarantined"),
    "GET /api/quarantine/<pk>/": Row("AANNNN", "quarantined"),
    # long jobs
    "GET /api/tasks/": Row("OOOOOO", "task"),
    "GET /api/tasks/<pk>/": Row("OOOOOO", "task"),
    "DELETE /api/tasks/<pk>/": Row("OOOOOO", "task"),
    "POST /api/tasks/<pk>/cancel/": Row("OOOOOO", "task"),
    "GET /api/tasks/<pk>/file/": Row("OOOOOO", "task"),
    # numbers and money
    "GET /api/reports/daily/": Row("AAANNN"),
    "GET /api/reports/weekly/": Row("AAANNN"),
    "GET /api/reports/drivers/": Row("AAANNN"),
    "GET /api/reports/demand/": Row("AAANNN"),
    "GET /api/invoices/": Row("AXAXOO", "invoice"),
    "GET /api/invoices/<pk>/": Row("AXAXOO", "invoice"),
    # pages
    "GET /dispatch/": Row("AANNNN"),
    "GET /dispatch/manifest/": Row("AANNNN"),
    "GET /dispatch/setup/": Row("AANNNN"),
    "GET /dispatch/setup/vehicle/<vehicle_id>/": Row("AANNNN", "vehicle"),
    "POST /dispatch/setup/vehicle/<vehicle_id>/": Row("AANNNN", "vehicle"),
    "GET /dispatch/setup/driver/<driver_id>/": Row("AANNNN", "driver"),
    "POST /dispatch/setup/driver/<driver_id>/": Row("AANNNN", "driver"),
    "GET /dispatch/setup/driver/<driver_id>/app/": Row("AANNNN", "driver"),
    "POST /dispatch/setup/driver/<driver_id>/app/": Row("AANNNN", "driver"),
}
