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

import re
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
REFUND = {"amount_cents": 1, "method": "cash", "note": "too much"}
RESOLVED = {"resolution": "so it goes"}
MENDED = {"expected_version": 0, "member_id": "M1"}
ANSWERS = {"answers": [{"claim": 987_654_321, "state": "accepted"}]}
WHY = {"reason": "so it goes"}
OVER = {"resolution": "so it goes"}
FROM = {"from": "2031-03-03", "expected_version": 1}

#: No login, or one that is in the address itself: nothing to see for whom has neither.
PUBLIC = {
    "GET /",
    "GET /healthz",
    "GET /.well-known/security.txt",
    "GET /readyz",
    "GET /metrics",
    "GET /track/<signed>/",
    "POST /track/<signed>/",
    "GET /track/<signed>/streets.geojson",
    "GET /api/calendar/<signed>.ics",
    "POST /api/auth/token/",
    "POST /api/auth/enrol/",
    "GET /trips/confirm/<signed>/",
    "POST /trips/confirm/<signed>/",
    "GET /unsubscribe/<signed>/",
    "POST /unsubscribe/<signed>/",
    "POST /api/webhooks/mail/",
    "POST /api/webhooks/payments/<provider>/",
    "GET /i18n/setlang/",
    "GET /styleguide/",
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
    "GET /api/preferences/",
    "PUT /api/preferences/",
    "GET /api/",
    "GET /api/asyncapi.yaml",
    "GET /api/schema/",
    "GET /api/docs/",
    "GET /dispatch/streets.geojson",
}
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
    "POST /api/patients/": Row("AANNNN"),
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
    "POST /api/drivers/<pk>/disable/": Row("AANNNN", "driver"),
    "POST /api/drivers/<pk>/enable/": Row("AANNNN", "driver"),
    "GET /api/devices/": Row("AANNNN", "device"),
    "GET /api/devices/<pk>/": Row("AANNNN", "device"),
    "POST /api/devices/<pk>/revoke/": Row("AANNNN", "device"),
    "GET /api/expiries/": Row("AANNNN"),
    # the driver's day
    "GET /api/shifts/": Row("AANONN", "shift"),
    "POST /api/shifts/": Row("AANANN"),
    "GET /api/shifts/<pk>/": Row("AANONN", "shift"),
    "DELETE /api/shifts/<pk>/": Row("AANNNN", "shift"),
    "POST /api/shifts/<pk>/end/": Row("AANONN", "shift", {"reason": "x"}),
    "POST /api/shifts/<pk>/correct/": Row("AANNNN", "shift", WHY),
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
    "GET /api/messages/threads/": Row("AANNNN"),
    "GET /api/notifications/": Row("OOOOOO", "notice"),
    "GET /api/notifications/<pk>/": Row("OOOOOO", "notice"),
    "POST /api/notifications/<pk>/read/": Row("OOOOOO", "notice"),
    "GET /api/alerts/": Row("AANNNN", "alert"),
    "POST /api/alerts/": Row("NNNANN", body={"kind": "sos"}),
    "GET /api/alerts/<pk>/": Row("AANNNN", "alert"),
    "POST /api/alerts/<pk>/acknowledge/": Row("AANNNN", "alert"),
    "POST /api/alerts/<pk>/resolve/": Row("AANNNN", "alert", OVER),
    "GET /api/quarantine/": Row("AANNNN", "quarantined"),
    "GET /api/quarantine/<pk>/": Row("AANNNN", "quarantined"),
    "GET /api/quarantine/summary/": Row("AANNNN"),
    # what went wrong
    "GET /api/failures/": Row("AANNNN"),
    "POST /api/failures/retry/": Row("AANNNN", body={"all": True}),
    "GET /api/undelivered/": Row("AANNNN", "undelivered"),
    "POST /api/undelivered/again/": Row("AANNNN", body={"all": True}),
    "GET /api/system/": Row("AANNNN"),
    # long jobs
    "GET /api/audit/": Row("ANNNNN"),
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
    "GET /api/invoices/<pk>/pdf/": Row("AXAXOO", "invoice"),
    "GET /api/invoices/<pk>/ledger/": Row("ANANOO", "invoice"),
    "POST /api/invoices/<pk>/void/": Row("ANANNN", "invoice", WHY),
    "POST /api/invoices/<pk>/resend/": Row("ANANNN", "invoice"),
    "POST /api/invoices/issue/": Row("ANANNN"),
    "GET /api/invoices/totals/": Row("AXAXOO"),
    "GET /api/invoices/export/": Row("AXAXOO"),
    "GET /api/invoices/aging/": Row("ANANOO"),
    "GET /api/invoices/unpriced/": Row("ANANNN"),
    "POST /api/invoices/reprice/": Row("ANANNN"),
    "POST /api/invoices/reprice/<task_id>/apply/": Row("ONONNN", "dry_run"),
    "GET /api/statements/": Row("AXAXXO", "statement"),
    "POST /api/statements/": Row("ANANNN"),
    "GET /api/statements/<pk>/": Row("AXAXXO", "statement"),
    "GET /api/statements/<pk>/pdf/": Row("AXAXXO", "statement"),
    "GET /api/payments/": Row("ANANOO", "payment"),
    "POST /api/payments/": Row("ANANNN"),
    "GET /api/payments/<pk>/": Row("ANANOO", "payment"),
    "POST /api/payments/<pk>/allocate/": Row("ANANNN", "payment"),
    "POST /api/payments/<pk>/release/": Row("ANANNN", "payment", {"invoice": 987_654_321}),
    "POST /api/payments/<pk>/refund/": Row("ANANNN", "payment", REFUND),
    "POST /api/payments/<pk>/reverse/": Row("ANANNN", "payment", {"note": "it bounced"}),
    "POST /api/payments/remittances/": Row("ANANNN"),
    "GET /api/provider-events/": Row("ANANNN", "provider_event"),
    "GET /api/provider-events/<pk>/": Row("ANANNN", "provider_event"),
    "POST /api/provider-events/<pk>/resolve/": Row("ANANNN", "provider_event", RESOLVED),
    "GET /api/rates/": Row("ANANNN", "rate"),
    "POST /api/rates/": Row("ANANNN"),
    "GET /api/rates/<pk>/": Row("ANANNN", "rate"),
    "POST /api/rates/<pk>/withdraw/": Row("ANANNN", "rate", WHY),
    "POST /api/rates/quote/": Row("AAANAA"),
    "GET /api/holidays/": Row("ANANNN", "holiday"),
    "POST /api/holidays/": Row("ANANNN"),
    "DELETE /api/holidays/<pk>/": Row("ANANNN", "holiday"),
    # claims
    "GET /api/authorizations/": Row("ANANNN", "authorization"),
    "POST /api/authorizations/": Row("ANANNN"),
    "GET /api/authorizations/<pk>/": Row("ANANNN", "authorization"),
    "PATCH /api/authorizations/<pk>/": Row("ANANNN", "authorization", {"units": "9"}),
    "GET /api/authorizations/<pk>/balance/": Row("ANANNN", "authorization"),
    "GET /api/claims/": Row("ANANNN", "claim"),
    "GET /api/claims/<pk>/": Row("ANANNN", "claim"),
    "POST /api/claims/check/": Row("ANANNN"),
    "GET /api/claims/findings/": Row("ANANNN"),
    "GET /api/claims/findings/summary/": Row("ANANNN"),
    "POST /api/claims/findings/<pk>/waive/": Row("ANANNN", "finding", WHY),
    "POST /api/claims/findings/<pk>/unwaive/": Row("ANANNN", "finding"),
    "PATCH /api/claims/trips/<pk>/": Row("ANANNN", "trip", MENDED),
    "GET /api/claims/batches/": Row("ANANNN", "batch"),
    "POST /api/claims/batches/": Row("ANANNN"),
    "GET /api/claims/batches/<pk>/": Row("ANANNN", "batch"),
    "DELETE /api/claims/batches/<pk>/": Row("ANANNN", "batch"),
    "GET /api/claims/batches/<pk>/file/": Row("ANANNN", "batch"),
    "POST /api/claims/batches/<pk>/answers/": Row("ANANNN", "batch", ANSWERS),
    "POST /api/claims/batches/<pk>/leave-out/": Row("ANANNN", "batch", {"trip": 987_654_321}),
    "POST /api/claims/batches/<pk>/ready/": Row("ANANNN", "batch"),
    "POST /api/claims/batches/<pk>/reopen/": Row("ANANNN", "batch"),
    "POST /api/claims/batches/<pk>/submit/": Row("ANANNN", "batch"),
    # what a facility's own system hears
    "GET /api/webhook-endpoints/": Row("ANNNNO", "endpoint"),
    "POST /api/webhook-endpoints/": Row("ANNNNA"),
    "GET /api/webhook-endpoints/<pk>/": Row("ANNNNO", "endpoint"),
    "PATCH /api/webhook-endpoints/<pk>/": Row("ANNNNO", "endpoint"),
    "DELETE /api/webhook-endpoints/<pk>/": Row("ANNNNO", "endpoint"),
    "POST /api/webhook-endpoints/<pk>/new-secret/": Row("ANNNNO", "endpoint"),
    "GET /api/webhook-endpoints/<pk>/deliveries/": Row("ANNNNO", "endpoint"),
    "POST /api/webhook-endpoints/<pk>/deliveries/<delivery_id>/again/": Row("ANNNNO", "endpoint"),
    # pages
    "GET /me/": Row("NNNNAA"),
    "GET /me/trips/<trip_id>/": Row("NNNNOO", "trip"),
    "POST /me/trips/<trip_id>/": Row("NNNNOO", "trip", {"answer": "cancel"}),
    "GET /me/book/": Row("NNNNAA"),
    "POST /me/book/": Row("NNNNAA"),
    "GET /me/invoices/": Row("NNNNAA"),
    "GET /me/notices/": Row("NNNNAA"),
    "POST /me/notices/": Row("NNNNAA"),
    "GET /me/settings/": Row("NNNNAA"),
    "POST /me/settings/": Row("NNNNAA"),
    "GET /manage/": Row("AAANNN"),
    "GET /billing/": Row("ANANNN"),
    "GET /billing/invoices/<pk>/": Row("ANANNN", "invoice"),
    "POST /billing/invoices/<pk>/mail/": Row("ANANNN", "invoice"),
    "POST /billing/invoices/<pk>/void/": Row("ANANNN", "invoice", WHY),
    "GET /billing/payments/": Row("ANANNN"),
    "GET /billing/payments/new/": Row("ANANNN"),
    "POST /billing/payments/new/": Row("ANANNN"),
    "GET /billing/payments/<pk>/": Row("ANANNN", "payment"),
    "POST /billing/payments/<pk>/allocate/": Row("ANANNN", "payment"),
    "POST /billing/payments/<pk>/release/<invoice_id>/": Row("ANANNN", "payment"),
    "POST /billing/payments/<pk>/reverse/": Row("ANANNN", "payment", {"note": "it bounced"}),
    "POST /billing/payments/<pk>/refund/": Row("ANANNN", "payment", REFUND),
    "GET /billing/payments/remittance/": Row("ANANNN"),
    "POST /billing/payments/remittance/": Row("ANANNN"),
    "GET /billing/aging/": Row("ANANNN"),
    "GET /billing/unpriced/": Row("ANANNN"),
    "POST /billing/unpriced/<trip_id>/": Row("ANANNN", "unpriced"),
    "GET /billing/findings/": Row("ANANNN"),
    "POST /billing/findings/check/": Row("ANANNN"),
    "POST /billing/findings/<pk>/waive/": Row("ANANNN", "finding", WHY),
    "POST /billing/findings/<pk>/unwaive/": Row("ANANNN", "finding"),
    "POST /billing/findings/<pk>/mend/": Row("ANANNN", "finding", MENDED),
    "GET /billing/batches/": Row("ANANNN"),
    "POST /billing/batches/draft/": Row("ANANNN"),
    "GET /billing/batches/<pk>/": Row("ANANNN", "batch"),
    "POST /billing/batches/<pk>/move/": Row("ANANNN", "batch", {"do": "submit"}),
    "POST /billing/batches/<pk>/accept/": Row("ANANNN", "batch"),
    "POST /billing/batches/<pk>/answer/<claim_id>/": Row("ANANNN", "batch"),
    "POST /billing/batches/<pk>/leave-out/<trip_id>/": Row("ANANNN", "batch"),
    "GET /dispatch/": Row("AANNNN"),
    "GET /dispatch/trips/new/": Row("AANNNN"),
    "GET /dispatch/trips/<trip_id>/edit/": Row("AANNNN", "trip"),
    "GET /dispatch/standing-orders/": Row("AANNNN"),
    "GET /dispatch/standing-orders/new/": Row("AANNNN"),
    "GET /dispatch/standing-orders/<order_id>/": Row("AANNNN", "order"),
    "GET /dispatch/import/": Row("AANNNN"),
    "GET /dispatch/import/template.csv": Row("AANNNN"),
    "GET /dispatch/places/": Row("AANNNN"),
    "GET /dispatch/manifest/": Row("AANNNN"),
    "GET /dispatch/vehicles/": Row("AANNNN"),
    "GET /dispatch/vehicles/<vehicle_id>/": Row("AANNNN", "vehicle"),
    "POST /dispatch/vehicles/<vehicle_id>/": Row("AANNNN", "vehicle"),
    "POST /dispatch/vehicles/<vehicle_id>/service/": Row("AANNNN", "vehicle"),
    "POST /dispatch/devices/<device_id>/revoke/": Row("AANNNN", "device"),
    "GET /dispatch/drivers/": Row("AANNNN"),
    "GET /dispatch/drivers/<driver_id>/": Row("AANNNN", "driver"),
    "POST /dispatch/drivers/<driver_id>/": Row("AANNNN", "driver"),
    "POST /dispatch/drivers/<driver_id>/account/": Row("AANNNN", "driver"),
    "GET /dispatch/shifts/": Row("AANNNN"),
    "POST /dispatch/shifts/begin/": Row("AANNNN"),
    "GET /dispatch/shifts/<shift_id>/": Row("AANNNN", "shift"),
    "POST /dispatch/shifts/<shift_id>/": Row("AANNNN", "shift", WHY),
    "POST /dispatch/shifts/<shift_id>/step/": Row("AANNNN", "shift", {"do": "break"}),
    "GET /dispatch/messages/": Row("AANNNN"),
    "POST /dispatch/messages/send/": Row("AANNNN"),
    "GET /dispatch/alerts/": Row("AANNNN"),
    "POST /dispatch/alerts/<alert_id>/acknowledge/": Row("AANNNN", "alert"),
    "POST /dispatch/alerts/<alert_id>/resolve/": Row("AANNNN", "alert", OVER),
    "GET /dispatch/trouble/": Row("AANNNN"),
    "POST /dispatch/trouble/retry/": Row("AANNNN"),
    "POST /dispatch/trouble/again/": Row("AANNNN"),
    "GET /dispatch/expiries/": Row("AANNNN"),
    "GET /dispatch/setup/": Row("AANNNN"),
    "GET /dispatch/setup/vehicle/<vehicle_id>/": Row("AANNNN", "vehicle"),
    "POST /dispatch/setup/vehicle/<vehicle_id>/": Row("AANNNN", "vehicle"),
    "GET /dispatch/setup/driver/<driver_id>/": Row("AANNNN", "driver"),
    "POST /dispatch/setup/driver/<driver_id>/": Row("AANNNN", "driver"),
    "GET /dispatch/setup/driver/<driver_id>/app/": Row("AANNNN", "driver"),
    "POST /dispatch/setup/driver/<driver_id>/app/": Row("AANNNN", "driver"),
}


def same_route(named: str, operation: str) -> bool:
    """Whether "GET /api/trips/<pk>/" is what OpenAPI calls "GET /api/trips/{id}/"."""
    return re.sub(r"<\w+>", "{}", named) == re.sub(r"{\w+}", "{}", operation)


def row_of(operation: str) -> Row | None:
    """The row of an OpenAPI operation, "GET /api/trips/{id}/"; None where the table has none."""
    return next((row for name, row in TABLE.items() if same_route(name, operation)), None)
