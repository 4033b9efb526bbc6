"""What a careless or hostile client sends, by the type that the schema names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

Json = dict[str, Any]

NUL, SURROGATE, LONG = "a\x00b", "\ud800", "x" * 70_000
FAR = 2**63
_TEXTS: list[Any] = [NUL, SURROGATE, LONG, {}]
_DAYS: list[Any] = ["0001-01-01", "9999-12-31", NUL]
_TIMES: list[Any] = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", SURROGATE]
_INTEGERS: list[Any] = [FAR, -FAR, 1e308, float("nan"), True, NUL]
_NUMBERS: list[Any] = [1e308, float("inf"), float("nan"), 10**400, SURROGATE]
_LISTS: list[Any] = [{}, [None], [[]], [{}], [FAR], [NUL], [SURROGATE], [1e308]]
_OBJECTS: list[Any] = [[], "x", {NUL: NUL}, {"a": [float("nan")]}, {SURROGATE: SURROGATE}]
_BY_NAME = {"rule": "FREQ=DAILY", "month": "2026-01-01", "url": "https://x.invalid/"}
_ANY: list[Any] = [None, *_OBJECTS, *_LISTS]
_BY_FORMAT = {"date": _DAYS, "date-time": _TIMES, "time": _DAYS, "decimal": ["1e308", "NaN", NUL]}
_BY_TYPE = {
    "string": _TEXTS,
    "integer": _INTEGERS,
    "number": _NUMBERS,
    "boolean": [[], 2, NUL],
    "array": _LISTS,
    "object": _OBJECTS,
}


def bad_values(schema: Json) -> list[Any]:
    """A few for a field of this (resolved) schema."""
    values = _BY_FORMAT.get(schema.get("format", "")) or _BY_TYPE.get(_type(schema), _ANY)
    return [None, *values]


class Schema:
    """An OpenAPI document, with its references followed."""

    def __init__(self, document: Json, ids: Mapping[str, Any]) -> None:
        self._document = document
        self._ids = ids

    def resolve(self, schema: Json) -> Json:
        """The schema itself: of a nullable one, what it is when it is there."""
        if "$ref" in schema:
            *_, section, name = schema["$ref"].split("/")
            return self.resolve(self._document["components"][section][name])
        for choice in ("allOf", "oneOf", "anyOf"):
            if choice in schema:
                return self.resolve(schema[choice][0])
        return schema

    def example(self, schema: Json, name: str = "") -> Any:
        """Good enough to reach what comes after the check of types."""
        schema = self.resolve(schema)
        if name in _BY_NAME:
            return _BY_NAME[name]
        if name.removesuffix("_id") in self._ids:
            return self._ids[name.removesuffix("_id")]
        if "examples" in schema:
            return schema["examples"][0]
        if "enum" in schema:
            return schema["enum"][0]
        kind = _type(schema)
        if kind == "array":
            return [self.example(schema.get("items", {}), name)]
        if kind == "object":
            return self.required(schema)
        if kind == "integer":
            return max(1, schema.get("minimum", 1))
        at = timezone.now() + timedelta(days=2)
        plain = {
            "date": at.date().isoformat(),
            "date-time": at.isoformat(),
            "time": "08:00",
            "decimal": "1",
            "uri": "https://x.invalid/",
            "uuid": "0a7b0000-0000-4000-8000-000000000009",
        }
        by_type = {
            "number": 1.5,
            "boolean": True,
            "string": plain.get(schema.get("format", ""), "x"),
        }
        return by_type.get(kind, "x")

    def required(self, schema: Json) -> Json:
        """An example of an object, without what may be left out."""
        return self.named(schema, *schema.get("required", ()))

    def named(self, schema: Json, *names: str) -> Json:
        """Examples of these fields, where they may be written."""
        fields = _writable(schema)
        return {name: self.example(fields[name], name) for name in names if name in fields}

    def bodies(self, schema: Json, good: Json) -> Iterator[Json]:
        """`good` with one bad field each, in objects inside of it too."""
        for name, field in _writable(schema).items():
            field = self.resolve(field)
            for value in bad_values(field):
                yield {**good, name: value}
            if field.get("properties"):
                inside = self.example(field)
                for part in self.bodies(field, inside):
                    yield {**good, name: part}


def _writable(schema: Json) -> Json:
    fields: Json = schema.get("properties", {})
    return {name: field for name, field in fields.items() if not field.get("readOnly")}


def _type(schema: Json) -> str:
    kind = schema.get("type", "")
    return kind if isinstance(kind, str) else next(one for one in kind if one != "null")
