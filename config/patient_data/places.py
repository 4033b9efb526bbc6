"""Where a patient's data lies, and what becomes of it when they want it erased.

A test holds every model to this table: one from which a foreign key leads to a patient has a
row here. Order matters to nobody but the reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F
from django.db.models.functions import Round

ERASED = "erased"
#: About a kilometre: reports by area stay true, the door is gone.
_DOOR_DECIMALS = 2

_TRIP = "the trip's chain of events proves what was driven and billed"
_MONEY = "books must be kept for as long as tax law says"
_CLAIM = "what was submitted to a payer must be shown in an audit"


@dataclass(frozen=True, slots=True)
class Place:
    """Rows of `model` (app.Model) whose `path` leads to the patient's id.

    `erased` is what stands there after; `kept` says why the rest, or a field, stays.
    """

    model: str
    path: str
    erased: Mapping[str, Any] = field(default_factory=dict)
    kept: str = ""
    deleted: bool = False


def _rounded(*names: str) -> dict[str, Any]:
    return {name: Round(F(name), precision=_DOOR_DECIMALS) for name in names}


_STOPS: dict[str, Any] = {
    "pickup_address": ERASED,
    "dropoff_address": ERASED,
    "notes": "",
    "needs": [],
    "authorization_number": "",
    **_rounded("pickup_latitude", "pickup_longitude", "dropoff_latitude", "dropoff_longitude"),
}
PLACES = (
    Place(
        "trips.Patient",
        "pk",
        dict.fromkeys(("email", "phone", "address", "member_id", "caregiver_email"), "")
        | {"name": ERASED, "user": None},
    ),
    Place("trips.Trip", "patient", {**_STOPS, "external_id": ""}),
    Place("trips.StandingOrder", "patient", _STOPS),
    Place("trips.StandingOrderEvent", "order__patient", {"data": {}}),
    Place("trips.StandingOrderPause", "order__patient", {"reason": ERASED}),
    Place("trips.StandingOrderSkip", "order__patient", {"reason": ""}),
    Place("trips.TripEvent", "trip__patient", kept=_TRIP),
    Place("trips.TripMeasurement", "trip__patient", kept=_TRIP),
    Place("trips.TrackSeal", "trip__patient", kept=_TRIP),
    Place("trips.GpsFix", "trip__patient", kept="raw positions go after 30 days by themselves"),
    Place("trips.QuarantinedFix", "trip__patient", kept="it goes after 90 days by itself"),
    Place("trips.Assignment", "trip__patient", kept=_TRIP),
    Place("trips.Attachment", "trip__patient", kept=f"signatures only: {_CLAIM}"),
    Place("trips.Alert", "trip__patient", kept="ids, times and what a dispatcher did"),
    Place("trips.TripEta", "trip__patient", deleted=True),
    Place("trips.ReportedTrip", "trip__patient", kept="ids and days"),
    Place("trips.StreamEntry", "event__trip__patient", kept="numbers only"),
    Place("billing.Invoice", "trip__patient", kept=_MONEY),
    Place("billing.InvoiceLine", "invoice__trip__patient", kept=_MONEY),
    Place("billing.InvoiceDocument", "invoice__trip__patient", kept=_MONEY),
    Place("billing.StatementItem", "invoice__trip__patient", kept=_MONEY),
    Place("billing.DunningNotice", "invoice__trip__patient", kept=_MONEY),
    Place("billing.Payment", "patient", kept=_MONEY),
    Place("billing.Allocation", "invoice__trip__patient", kept=_MONEY),
    Place("billing.ProviderEvent", "payment__patient", kept=_MONEY),
    Place("billing.UnpricedTrip", "trip__patient", kept="ids and a reason"),
    Place("billing.Authorization", "patient", kept=_CLAIM),
    Place("billing.ClaimFinding", "trip__patient", kept=_CLAIM),
    Place("billing.Claim", "trip__patient", kept=_CLAIM),
)
