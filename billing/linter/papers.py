"""Checks of papers: member, authorization, invoice, licence, plate (pure).

A check answers what is wrong as numbers and ids, "" where there are none; None: nothing is.
"""

from collections.abc import Callable

from billing.linter.facts import AuthorizationFacts, Check, ClaimFacts, PayerRules
from billing.linter.identifiers import has_form, normalised
from billing.rates.codes import BASE_CODES
from trips.dispatch.seats import fits

PLATE_LENGTH = range(2, 11)


# --- who and by whose leave


def no_member_id(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return None if facts.member_id.strip() else ""


def odd_member_id(facts: ClaimFacts, rules: PayerRules) -> str | None:
    given = facts.member_id.strip()
    if not given or has_form(given, rules.member_id_form):
        return None
    return f"{len(given)} characters, asked for {rules.member_id_form}"[:200]


def no_authorization(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return "" if rules.authorization_required and not facts.authorization_number else None


def unknown_authorization(facts: ClaimFacts, rules: PayerRules) -> str | None:
    if not facts.authorization_number or facts.authorization:
        return None
    return "" if rules.authorization_required else None


def of_authorization(check: Callable[[ClaimFacts, AuthorizationFacts], str | None]) -> Check:
    def checked(facts: ClaimFacts, rules: PayerRules) -> str | None:
        return check(facts, facts.authorization) if facts.authorization else None

    return checked


def others_authorization(facts: ClaimFacts, one: AuthorizationFacts) -> str | None:
    return None if one.patient_id == facts.patient_id else f"of patient {one.patient_id}"


def outside_its_days(facts: ClaimFacts, one: AuthorizationFacts) -> str | None:
    if one.valid_from <= facts.service_day <= one.valid_to:
        return None
    return f"{facts.service_day}, valid {one.valid_from} to {one.valid_to}"


def over_units(facts: ClaimFacts, one: AuthorizationFacts) -> str | None:
    with_it = one.used_before + one.units_of_trip
    return None if with_it <= one.units else f"{with_it:f} of {one.units:f}"


def level_not_authorised(facts: ClaimFacts, one: AuthorizationFacts) -> str | None:
    return None if not one.levels or facts.mobility in one.levels else facts.mobility


def code_not_authorised(facts: ClaimFacts, one: AuthorizationFacts) -> str | None:
    others = sorted(set(facts.line_codes) - set(one.codes))
    return ", ".join(others) if one.codes and others else None


# --- what was provided


def no_invoice(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return "" if facts.invoice_id is None else None


def revised(facts: ClaimFacts, rules: PayerRules) -> str | None:
    if facts.claimed_invoice_id in (None, facts.invoice_id):
        return None
    return f"invoice {facts.invoice_id} after {facts.claimed_invoice_id}"


def wrong_code(facts: ClaimFacts, rules: PayerRules) -> str | None:
    given = sorted(set(facts.line_codes) & set(BASE_CODES.values()))
    wanted = BASE_CODES[facts.mobility]
    if facts.invoice_id is None or given == [wanted]:
        return None
    return f"{facts.mobility} is {wanted}, not {', '.join(given) or 'nothing'}"


def wrong_vehicle(facts: ClaimFacts, rules: PayerRules) -> str | None:
    for vehicle_id, seating in facts.seatings.items():
        if not fits(seating, [facts.mobility]):
            return f"{facts.mobility} in vehicle {vehicle_id}"
    return None


def no_licence(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return None if facts.licences and all(map(normalised, facts.licences)) else ""


def licence_over(facts: ClaimFacts, rules: PayerRules) -> str | None:
    ended = [day for day in facts.licence_expires if day < facts.service_day]
    return f"{ended[0]}, driven on {facts.service_day}" if ended else None


def no_plate(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return None if facts.plates and all(map(normalised, facts.plates)) else ""


def odd_plate(facts: ClaimFacts, rules: PayerRules) -> str | None:
    plates = list(filter(None, map(normalised, facts.plates)))
    odd = [one for one in plates if not one.isascii() or len(one) not in PLATE_LENGTH]
    return f"{len(odd[0])} characters" if odd else None
