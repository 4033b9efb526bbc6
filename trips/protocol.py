"""The socket protocol as documents, made from `realtime.messages` (pure).

`asyncapi.yaml` is the whole of it; `schema/<address>.json` is what the server sends there,
`schema/client.json` what a client may send, `frames.d.ts` both for editors and TypeScript.
`manage.py export_protocol` writes them to docs/protocol; a test fails where they are stale.
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
import yaml

from trips.realtime import messages as m
from trips.tracking.fixes import NativeFix

Json = dict[str, Any]
FrameType = type[m.Frame] | type[m.ClientFrame]

#: What every address sends.
_COMMON: tuple[type[m.Frame], ...] = (
    m.Hello,
    m.TripEvent,
    m.TripEta,
    m.Resumed,
    m.Heartbeat,
    m.Error,
)
CLIENT: tuple[type[m.ClientFrame], ...] = (m.Resume, m.Subscribe, m.Ack, m.Gps)
_WATCHING = CLIENT[:3]


class Address(NamedTuple):
    """One socket: its path, who may open it, and the frames that it sends and takes."""

    path: str
    about: str
    frames: tuple[type[m.Frame], ...]
    takes: tuple[type[m.ClientFrame], ...]
    parameters: dict[str, str] = {}


ADDRESSES = {
    "dispatch": Address(
        "/ws/dispatch/",
        "The whole board, for dispatchers and administrators.",
        (*_COMMON, m.Snapshot, m.GpsBatch),
        _WATCHING,
    ),
    "trip": Address(
        "/ws/trips/{id}/",
        "One trip, for who may see it; its driver may send `gps`.",
        (*_COMMON, m.Snapshot, m.GpsUpdate, m.GpsAck),
        CLIENT,
        {"id": "The trip's id."},
    ),
    "me": Address(
        "/ws/me/",
        "One's own notices and, for a driver, assignments; a driver may send `gps`.",
        (*_COMMON, m.MySnapshot, m.Notification, m.Task, m.GpsAck),
        CLIENT,
    ),
    "track": Address(
        "/ws/track/{signed}/",
        "An expiring public link: one trip, redacted. No login.",
        (*_COMMON, m.Snapshot, m.GpsUpdate),
        _WATCHING,
        {"signed": "The last part of the link that was mailed."},
    ),
}

ABOUT = """\
Frames are JSON objects with `type`. Authenticate by the browser's session with an allowed
Origin, or by the subprotocols `atw.v1` and `token.<token>`. A refused socket is accepted and
then closed: 4401 (who are you), 4403 (the role never may), 4404 (absent or not yours); one too
slow for its numbered frames is closed 4408, a draining server closes 4012: connect again. One
that sent too many frames that are none is closed 4400: mend the client. With too many sockets
of one user or address, or the database away, it is closed 4503: connect again, with a growing
pause.

Frames with `seq` are numbered without gaps, per stream. After a reconnect send `resume` with
the epoch of `hello` and the newest number shown; without it a snapshot comes within a second.
Acknowledge with `ack` every 64 frames or 5 seconds. New fields and new frame types may appear
in what the server sends: ignore what you do not know. Unknown fields in what a client sends
are errors. Times are ISO 8601 with Z, speeds m/s, headings degrees clockwise from north.
"""


def exported() -> dict[str, str]:
    """{path below docs/protocol: content} of every generated document."""
    schemas = {f"schema/{name}.json": _schema(name, it.frames) for name, it in ADDRESSES.items()}
    schemas["schema/client.json"] = _schema("client", CLIENT)
    return {
        "asyncapi.yaml": asyncapi_yaml(),
        "frames.d.ts": typescript(),
        **{path: json.dumps(schema, indent=1) + "\n" for path, schema in schemas.items()},
    }


def asyncapi_yaml() -> str:
    """The AsyncAPI 3 document."""
    return yaml.dump(asyncapi(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as they are."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def asyncapi() -> Json:
    """The same as an object."""
    frames = _all_frames()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "ATW Backend sockets", "version": m.PROTOCOL, "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "here": {
                "host": "{host}",
                "protocol": "wss",
                "description": "ws:// where the site itself is http://.",
                "variables": {"host": {"default": "127.0.0.1:8000"}},
                "security": [
                    {"$ref": f"#/components/securitySchemes/{name}"} for name in _SECURITY
                ],
            }
        },
        "channels": {name: _channel(address) for name, address in ADDRESSES.items()},
        "operations": _operations(),
        "components": {
            "messages": {frame.__name__: _message(frame) for frame in frames},
            "schemas": _components(frames, "#/components/schemas/{name}"),
            "securitySchemes": _SECURITY,
        },
    }


_SECURITY = {
    "token": {
        "type": "httpApiKey",
        "in": "header",
        "name": "Sec-WebSocket-Protocol",
        "description": "`atw.v1, token.<token>`, the token from POST /api/auth/token/.",
    },
    "session": {
        "type": "httpApiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "The browser's login, with an Origin that the server allows.",
    },
}


def _channel(address: Address) -> Json:
    channel: Json = {
        "address": address.path,
        "description": address.about,
        "messages": {
            frame.__name__: {"$ref": f"#/components/messages/{frame.__name__}"}
            for frame in (*address.frames, *address.takes)
        },
    }
    if address.parameters:
        channel["parameters"] = {
            name: {"description": about} for name, about in address.parameters.items()
        }
    return channel


def _operations() -> Json:
    operations: Json = {}
    for name, address in ADDRESSES.items():
        operations[f"{name}_sends"] = _operation("send", name, address.frames)
        operations[f"{name}_receives"] = _operation("receive", name, address.takes)
    return operations


def _operation(action: str, channel: str, frames: Iterable[FrameType]) -> Json:
    base = f"#/channels/{channel}"
    return {
        "action": action,
        "channel": {"$ref": base},
        "messages": [{"$ref": f"{base}/messages/{frame.__name__}"} for frame in frames],
    }


def _message(frame: FrameType) -> Json:
    return {
        "name": _tag(frame),
        "payload": {"$ref": f"#/components/schemas/{frame.__name__}"},
    }


def _tag(frame: FrameType) -> str:
    return str(frame.__struct_config__.tag)


def _all_frames() -> tuple[FrameType, ...]:
    sent = dict.fromkeys(frame for address in ADDRESSES.values() for frame in address.frames)
    return (*sent, *CLIENT)


def _schema(name: str, frames: Iterable[FrameType]) -> Json:
    """One JSON Schema that accepts exactly `frames`."""
    frames = tuple(frames)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{m.PROTOCOL}:{name}",
        "oneOf": [{"$ref": f"#/$defs/{frame.__name__}"} for frame in frames],
        "$defs": _components(frames, "#/$defs/{name}"),
    }


def _components(frames: Iterable[FrameType], ref_template: str) -> Json:
    types: list[Any] = [*frames]
    if m.Gps in types:
        types.append(NativeFix)
    _, found = msgspec.json.schema_components(types, ref_template=ref_template)
    components: Json = dict(found)
    taken = {frame.__name__ for frame in CLIENT} | {NativeFix.__name__}
    for name in components.keys() - taken:
        # What the server sends is always there, also where the code has a default for it.
        components[name]["required"] = list(components[name]["properties"])
    if "Gps" in components:
        # The server decodes each fix by itself, so the type says no more than "JSON".
        items = {"$ref": ref_template.format(name="NativeFix")}
        components["Gps"]["properties"]["fixes"] |= {"items": items, "maxItems": m.MOST_GPS_FIXES}
    return components


def typescript() -> str:
    """Type declarations of all frames."""
    components = _components(_all_frames(), "{name}")
    parts = ["// Generated by `manage.py export_protocol` from trips/realtime/messages.py."]
    parts += [_interface(name, schema) for name, schema in components.items()]
    sent = [frame.__name__ for frame in _all_frames() if frame not in CLIENT]
    parts.append(f"export type ServerFrame = {' | '.join(sent)};")
    parts.append(f"export type ClientFrame = {' | '.join(frame.__name__ for frame in CLIENT)};")
    return "\n\n".join(parts) + "\n"


def _interface(name: str, schema: Json) -> str:
    required = schema.get("required", [])
    lines = [
        f"  {field}{'' if field in required else '?'}: {_ts(inner)};"
        for field, inner in schema["properties"].items()
    ]
    about = f"/** {schema['description']} */\n" if "description" in schema else ""
    return about + "\n".join([f"export interface {name} {{", *lines, "}"])


_TS = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean"}


def _ts(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_ts(one) for one in schema["anyOf"])
    match schema.get("type"):
        case "array":
            return f"Array<{_ts(schema.get('items', {}))}>"
        case "object":
            return "Record<string, unknown>"
        case "null":
            return "null"
        case name:
            return _TS.get(str(name), "unknown")
