"""Promise: a migration does not disturb the release that runs while it is applied.

Expand first: new tables, columns that may be absent, indexes that lock nobody. Contract (drop,
rename, forbid) in a later release, when nothing that runs knows the old shape any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterModelTable,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

#: The last migrations before this rule; nothing older runs beside them.
BASELINE = {"users": "0003_enrolment", "trips": "0013_attachments", "billing": "0007_claims"}
#: What looks like a breach and is none, and why.
ALLOWED = {
    ("trips", "0015_desk", "AddConstraint"): "both columns are new and empty in every row",
}
SQL_BREACH = re.compile(
    r"DROP\s+(?:TABLE|COLUMN)|RENAME\s+(?:TO|COLUMN)|SET\s+NOT\s+NULL|ALTER\s+COLUMN\s+\S+\s+TYPE",
    re.IGNORECASE,
)


def complaints(operations: Sequence[Operation], before: ProjectState, app: str) -> Iterator[str]:
    """What the release that runs would not survive; `before`: the models that it knows."""
    made: set[str] = set()
    for operation in operations:
        if isinstance(operation, CreateModel):
            made.add(operation.name_lower)
        elif getattr(operation, "model_name_lower", "") not in made and (
            complaint := _complaint(operation, before, app)
        ):
            yield f"{type(operation).__name__}: {complaint}"


def _complaint(operation: Operation, before: ProjectState, app: str) -> str:
    match operation:
        case RemoveField() | DeleteModel() | RenameField() | RenameModel() | AlterModelTable():
            return "what runs still asks for it"
        case AddField(field=field) if _must_be_given(field):
            return "what runs does not fill it in: null=True or db_default"
        case AlterField():
            return _altered(operation, before, app)
        case AddIndexConcurrently():
            return ""
        case AddIndex():
            return "nobody can write meanwhile: AddIndexConcurrently"
        case AddConstraint():
            return "what runs may break it, and the whole table is read under a lock"
        case RunSQL(sql=str(sql)) if found := SQL_BREACH.search(sql):
            return found[0]
        case SeparateDatabaseAndState(database_operations=inner):
            return "; ".join(complaints(inner, before, app))
    return ""


def _must_be_given(field: models.Field[Any, Any]) -> bool:
    return not (field.null or field.many_to_many or field.has_db_default())


def _altered(operation: AlterField, before: ProjectState, app: str) -> str:
    old = before.models[app, operation.model_name_lower].fields[operation.name]
    new = operation.field
    if old.null and not new.null:
        return "what runs still writes NULL"
    if type(old) is not type(new) or (old.max_length or 0) > (new.max_length or 0) > 0:
        return "another type: the table is written anew under a lock"
    return ""


# --- our own


def later(loader: MigrationLoader) -> list[tuple[str, str]]:
    return sorted(
        (app, name)
        for app, name in loader.disk_migrations
        if app in BASELINE and name > BASELINE[app]
    )


def test_every_migration_since_then_may_be_applied_under_load() -> None:
    loader = MigrationLoader(None)
    found = []
    for app, name in later(loader):
        before = loader.project_state((app, name), at_end=False)
        for complaint in complaints(loader.disk_migrations[app, name].operations, before, app):
            if (app, name, complaint.partition(":")[0]) not in ALLOWED:
                found.append(f"{app}.{name} {complaint}")
    assert found == []


def test_what_is_allowed_is_there() -> None:
    assert {key[:2] for key in ALLOWED} <= set(later(MigrationLoader(None)))


# --- the linter itself


@pytest.fixture(scope="module")
def known() -> ProjectState:
    """A release with one table."""
    state = ProjectState()
    fields: list[tuple[str, models.Field[Any, Any]]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=50)),
        ("note", models.TextField(null=True)),
    ]
    CreateModel("Van", fields).state_forwards("trips", state)
    return state


def small_index(name: str) -> models.Index:
    return models.Index(fields=["name"], name=name)


@pytest.mark.parametrize(
    "operation",
    [
        RemoveField("van", "note"),
        DeleteModel("van"),
        RenameField("van", "note", "remark"),
        RenameModel("van", "vehicle"),
        AlterModelTable("van", "vans"),
        AddField("van", "seats", models.IntegerField()),
        # Django itself fills in a default and then takes it away.
        AddField("van", "seats", models.IntegerField(default=4)),
        AlterField("van", "note", models.TextField()),
        AlterField("van", "name", models.CharField(max_length=20)),
        AlterField("van", "name", models.IntegerField()),
        AddIndex("van", small_index("van_name")),
        AddConstraint("van", models.UniqueConstraint(fields=["name"], name="one_name")),
        RunSQL("ALTER TABLE trips_van DROP COLUMN note"),
        RunSQL("ALTER TABLE trips_van ALTER COLUMN note SET NOT NULL"),
        SeparateDatabaseAndState([RemoveField("van", "note")]),
    ],
    ids=lambda operation: operation.describe()[:40],
)
def test_a_breach_is_seen(operation: Operation, known: ProjectState) -> None:
    assert len(list(complaints([operation], known, "trips"))) == 1


@pytest.mark.parametrize(
    "operations",
    [
        [AddField("van", "seats", models.IntegerField(null=True))],
        [AddField("van", "seats", models.IntegerField(db_default=4))],
        [AlterField("van", "name", models.CharField(max_length=90))],
        [AlterField("van", "name", models.CharField(max_length=50, help_text="On its door."))],
        [AddIndexConcurrently("van", small_index("van_name"))],
        [RunSQL("CREATE TABLE trips_other (id bigint)", "DROP TABLE trips_other")],
        [
            CreateModel("Seat", [("id", models.BigAutoField(primary_key=True))]),
            AddField("seat", "number", models.IntegerField()),
            AddIndex("seat", small_index("seat_name")),
        ],
    ],
    ids=str,
)
def test_an_expansion_passes(operations: list[Operation], known: ProjectState) -> None:
    assert list(complaints(operations, known, "trips")) == []
