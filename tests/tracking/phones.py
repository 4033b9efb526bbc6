"""The phone apps' requests, as their sources write them."""

import json
from collections.abc import Callable
from typing import Any

from trips.tracking.dialects import Report, Request, read
from trips.tracking.fixes import BadFix, Fix

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
OMARS_PHONE = "omar-phone_7f3"
#: 2025-06-15 15:06:40 UTC
THEN = 1_750_000_000.0
PLACE = {"latitude": 57.7089, "longitude": 11.9746}


def get(query: str) -> Report:
    return read(Request("GET", query, "", b""))


def post(body: object = b"", query: str = "", content_type: str = FORM) -> Report:
    """`body`: bytes, the text of a form, or an object to be sent as JSON."""
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes):
        body, content_type = json.dumps(body).encode(), JSON
    return read(Request("POST", query, content_type, body))


def the_fix(report: Report) -> Fix:
    [(_, fix)] = report.fixes
    assert isinstance(fix, Fix), fix
    return fix


def the_fault(report: Report) -> str:
    [(_, fix)] = report.fixes
    assert isinstance(fix, BadFix), fix
    return fix.reason


TRACCAR_10 = (
    f"id={OMARS_PHONE}&lat=57.7089&lon=11.9746&timestamp=1750000000&accuracy=4.2&altitude=12.5"
    "&speed=19.4384449&bearing=270.0&batt=83&charge=true"
)
TRACCAR_8 = (
    f"id={OMARS_PHONE}&timestamp=1750000000&lat=57.7089&lon=11.9746&speed=19.4384449"
    "&bearing=270.0&altitude=12.5&accuracy=4.2&batt=83.0&mock=true"
)
OSMAND = (
    f"id={OMARS_PHONE}&lat=57.7089&lon=11.9746&timestamp=1750000000000&hdop=4.0&altitude=12.5"
    "&speed=10.0&bearing=270.0&eta=1750000900000&eda=4200"
)
GPSLOGGER = (
    "lat=57.7089&lon=11.9746&sat=9&desc=&alt=12.5&acc=4.2&dir=270.0&prov=gps&spd=10.0"
    "&timestamp=1750000000&timeoffset=2025-06-15T17:06:40.000%2B02:00"
    "&time=2025-06-15T15:06:40.000Z&starttimestamp=1749990000&date=2025-06-15&batt=83.0"
    f"&aid=9774d56d682e549c&ser=unknown&id={OMARS_PHONE}&act=IN_VEHICLE&filename=20250615"
    "&profile=Default+Profile&hdop=0.9&vdop=&pdop=&dist=1203"
)


def traccar_9(**location: Any) -> dict[str, Any]:
    coords = {
        **PLACE,
        "accuracy": 4.2,
        "speed": 10.0,
        "heading": 270.0,
        "altitude": 12.5,
        **location.pop("coords", {}),
    }
    point = {
        "timestamp": "2025-06-15T15:06:40.000Z",
        "coords": coords,
        "is_moving": True,
        "odometer": 1203.5,
        "event": "motionchange",
        "battery": {"level": 0.83, "is_charging": True},
        "activity": {"type": "in_vehicle"},
        "extras": {},
        "_": f"&id={OMARS_PHONE}&lat=1.0&lon=2.0&timestamp=2001-01-01T00:00:00.000Z&",
        **location,
    }
    return {"location": point, "device_id": OMARS_PHONE}


def owntracks(**more: Any) -> dict[str, Any]:
    return {
        "_type": "location",
        "lat": 57.7089,
        "lon": 11.9746,
        "tst": 1_750_000_000,
        "acc": 4.2,
        "alt": 12.5,
        "vel": 36,
        "cog": 270,
        "batt": 83,
        "bs": 1,
        "conn": "m",
        "t": "t",
        "tid": "om",
        "topic": "owntracks/omar/phone",
        "created_at": 1_750_000_002,
        **more,
    }


FULL_REPORTS: dict[str, Callable[[], Report]] = {
    "traccar10": lambda: post(TRACCAR_10),
    "traccar9": lambda: post(traccar_9()),
    "traccar8": lambda: post(query=TRACCAR_8),
    "osmand": lambda: get(OSMAND.replace("hdop=4.0", "accuracy=4.2&batt=83")),
    "owntracks": lambda: post(owntracks(), query=f"id={OMARS_PHONE}"),
    "gpslogger": lambda: get(GPSLOGGER),
}
