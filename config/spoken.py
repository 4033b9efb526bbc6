"""What the server refuses with, in the reader's language. Rules say it in English and know no
framework; at the edge their sentences are recognised by pattern and said again."""

import re
from functools import cache

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

#: As the code says them, values in braces. The more exact one comes first.
SENTENCES = (
    # Who fits a trip: trips/dispatch.
    _("{whose} has trip {trip} at that time."),
    _("{vehicle} has no place left beside trips {trips}."),
    _("{vehicle} has no place left beside trip {trip}."),
    _("{vehicle} cannot be there in time because of trips {trips}."),
    _("{vehicle} cannot be there in time because of trip {trip}."),
    _("{vehicle} is out of service."),
    _("{vehicle} cannot carry {kind}."),
    _("{vehicle} has no lift."),
    _("The driver: {paper} ended on {day}."),
    _("{vehicle}: {paper} ended on {day}."),
    _("The driver is not on shift at that time."),
    _("The driver's account is closed."),
    _("The driver is not qualified: {missing}."),
    _("Nobody is on shift with {vehicle} at that time."),
    _("Nobody is on shift."),
    _("{n} crews could, but each has other trips then ({full} are full)."),
    _("Somebody changed the trip, or its crew's plan, meanwhile."),
    # What a trip's state allows: trips/services.py, guards.py, effects.py, undo.py, changes.py.
    _("The trip is at version {version}."),
    _("{action} is not possible while {status}."),
    _("It cannot be confirmed while {status}."),
    _("{fields} cannot be changed while {status}."),
    _("It is assigned already: send `expected_version` to re-assign it."),
    _("A dispatcher decided on its driver."),
    _("The patient is in that vehicle already."),
    _("Its standing order took it back: bring its day back there."),
    _("There is nothing to undo."),
    _("That was not yours to undo; ask dispatch."),
    _("Too late to undo; ask dispatch."),
    _("It is not missed before {time}."),
    _("Wait until {time}; No position shows the vehicle at the pick-up, or give a reason."),
    _("Wait until {time}; No position shows the vehicle at the pick-up, or ask dispatch."),
    _("No position shows the vehicle at the pick-up, or give a reason."),
    _("No position shows the vehicle at the pick-up, or ask dispatch."),
    _("Wait until {time}, or give a reason."),
    _("Wait until {time}, or ask dispatch."),
    _("That is more than a day ago."),
    _("That is more than {days} days ago."),
    _("The appointment is at {time}: the pick-up must be before it."),
    _("A year from {first} to {last}."),
    _("A trip without a time is scheduled with one."),
    _("There is no such driver."),
    _("There is no such vehicle."),
    _("This field is required for this action."),
    # Of every request: config/problems.py.
    _("The request is not valid."),
    _("The request conflicts with the current state."),
    _("The body is too large."),
    _("The database is away; try again."),
    _("Not found."),
    _("This client_event_id came before with another body."),
)
#: Values that are words, not names: they are said in the reader's language too.
WORDS = ("kind", "paper")


def spoken(text: str) -> str:
    """`text` in the active language; as it is where nobody knows it, or the language is English."""
    if (get_language() or "en").startswith("en"):
        return text
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(text):
            values = found.groupdict()
            said = {name: gettext(one) if name in WORDS else one for name, one in values.items()}
            return gettext(sentence).format(**said)
    return text


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(sentence, _pattern(sentence)) for sentence in SENTENCES]


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", sentence)
    texts = [f"(?P<{one}>.+)" if n % 2 else re.escape(one) for n, one in enumerate(parts)]
    return re.compile("".join(texts))


# Values that rules give as words, for the catalogue.
_("bariatric wheelchair")
_("bariatric stretcher")
_("lift's inspection")
_("licence")
