"""What the server refuses with is said in the reader's language, all of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import translation

from config.spoken import SENTENCES, spoken
from devtools.bootstrap import ROOT
from tests.cast import Cast

#: Where people's refusals are made, and the argument that holds the sentence.
SAID = {"Refusal": 1, "Refused": 0, "InvalidTap": 1}
PLACES = ("trips/*.py", "trips/dispatch/*.py")
#: Said in two forms, from parts, or to nobody: programs send these.
PARTS = {
    "{}": "sentences of others",
    "{}, {}.": "check_no_show, each combination is in the list",
    "{} has no place left beside {}.": "trip or trips",
    "{} cannot be there in time because of {}.": "trip or trips",
    "{}: {} ended on {}.": "the driver, or a vehicle",
    "One of {}.": "a form's own choices",
    "ready, cancel or confirm": "a form's own choices",
}


def sentences_of(path: str) -> Iterator[str]:
    """Each sentence in a source file that refuses something, its values as {}."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if (place := SAID.get(node.func.id)) is not None and len(node.args) > place:
            yield from _texts(node.args[place])


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        parts = (one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)
        yield "".join(map(str, parts))


def test_every_refusal_of_a_trip_is_known_to_the_edge() -> None:
    known = {re.sub(r"\{\w+\}", "{}", one) for one in SENTENCES} | set(PARTS)
    files = [path.relative_to(ROOT) for place in PLACES for path in sorted(ROOT.glob(place))]
    said = [(str(path), one) for path in files for one in sentences_of(str(path))]
    assert len(said) > 20
    assert [one for one in said if one[1] not in known] == []


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("Van 1 cannot carry stretcher.", "Van 1 no puede llevar: camilla."),
        (
            "The driver: medical certificate ended on 2026-01-31.",
            "El conductor: certificado médico venció el 2026-01-31.",
        ),
        ("There is nothing to undo.", "No hay nada que deshacer."),
        ("Something new.", "Something new."),
        ("Van {0} has no lift.", "Van {0} no tiene elevador."),
    ],
)
def test_a_sentence_keeps_its_values(english: str, spanish: str) -> None:
    assert spoken(english) == english
    with translation.override("es"):
        assert spoken(english) == spanish


def test_every_sentence_has_its_values_in_spanish() -> None:
    with translation.override("es"):
        for sentence in SENTENCES:
            said = translation.gettext(sentence)
            assert said != sentence
            assert re.findall(r"\{\w+\}", said) == re.findall(r"\{\w+\}", sentence), sentence


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A request leaves its language behind in this thread."""
    with translation.override("en"):
        yield


@pytest.mark.django_db
def test_dina_is_refused_in_her_browsers_language(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.dina)
    path = f"/api/trips/{cast.book().pk}/status/"
    body = {"action": "undo"}
    answer = client.post(path, body, "application/json", headers={"Accept-Language": "es"})
    assert answer.status_code == 409
    assert answer.json()["detail"] == "undo no es posible en el estado requested."
    english = client.post(path, body, "application/json", headers={"Accept-Language": "en"})
    assert english.json()["detail"] == "undo is not possible while requested."
