"""The rules, in the order in which findings are shown (pure)."""

from collections.abc import Mapping

from billing.linter import papers, rides
from billing.linter.facts import ClaimFacts, Found, PayerRules, Rule, Severity


def lint(facts: ClaimFacts, rules: PayerRules) -> list[Found]:
    """All that is wrong with one trip, in the order of RULES."""
    checked = ((rule, rule.check(facts, rules)) for rule in RULES)
    return [
        Found(rule.code, rule.severity, detail) for rule, detail in checked if detail is not None
    ]


_BLOCKING, _WARNING = Severity.BLOCKING, Severity.WARNING
RULES: tuple[Rule, ...] = (
    Rule(
        "member_id_missing", _BLOCKING, "The patient has no member id at the payer.",
        "Ask the patient or the payer for it and enter it on the trip.", papers.no_member_id,
    ),
    Rule(
        "member_id_form", _BLOCKING, "The member id does not look like this payer's.",
        "Compare it with the patient's card; it may be another payer's.", papers.odd_member_id,
    ),
    Rule(
        "authorization_missing", _BLOCKING, "No authorization is named.",
        "Enter the number that the payer gave for this patient.", papers.no_authorization,
    ),
    Rule(
        "authorization_unknown", _BLOCKING, "The authorization named is not on record.",
        "Enter the authorization with its days and units, or correct the number.",
        papers.unknown_authorization,
    ),
    Rule(
        "authorization_patient", _BLOCKING, "The authorization is another patient's.",
        "Correct the number on the trip.", papers.of_authorization(papers.others_authorization),
    ),
    Rule(
        "authorization_days", _BLOCKING, "The authorization did not hold on the day of the trip.",
        "Name the one that did, or ask the payer to extend it.",
        papers.of_authorization(papers.outside_its_days),
    ),
    Rule(
        "authorization_units", _BLOCKING, "The authorization was used up before this trip.",
        "Ask the payer for more units, or name another authorization.",
        papers.of_authorization(papers.over_units),
    ),
    Rule(
        "authorization_level", _BLOCKING, "The level of service is not authorised.",
        "Ask the payer to authorise the level, or correct the authorization.",
        papers.of_authorization(papers.level_not_authorised),
    ),
    Rule(
        "authorization_code", _BLOCKING, "A code on the invoice is not authorised.",
        "Ask the payer to authorise the code, or correct the authorization.",
        papers.of_authorization(papers.code_not_authorised),
    ),
    Rule(
        "invoice_missing", _BLOCKING, "There is no invoice to this payer to claim.",
        "See why the trip could not be priced, or who is billed for it.", papers.no_invoice,
        waivable=False,
    ),
    Rule(
        "invoice_revised", _WARNING, "The invoice was revised after it was claimed.",
        "Ask the payer to replace the claim; the new amount is on the newer invoice.",
        papers.revised,
    ),
    Rule(
        "level_code", _BLOCKING, "The transport code is not that of the level of service.",
        "Correct the trip's level of service or its rate; the invoice is then revised.",
        papers.wrong_code,
    ),
    Rule(
        "level_vehicle", _BLOCKING, "The vehicle has no place for this level of service.",
        "Correct the vehicle's seating, or the level of service.", papers.wrong_vehicle,
    ),
    Rule(
        "licence_missing", _BLOCKING, "The driver's licence number is not known.",
        "Enter it on the driver's page.", papers.no_licence,
    ),
    Rule(
        "licence_expired", _BLOCKING, "The driver's licence had run out.",
        "Enter the renewed licence on the driver's page.", papers.licence_over,
    ),
    Rule(
        "plate_missing", _BLOCKING, "The vehicle's plate is not known.",
        "Enter it on the vehicle's page.", papers.no_plate,
    ),
    Rule(
        "plate_form", _WARNING, "The plate does not look like one.",
        "Compare it with the vehicle's papers.", papers.odd_plate,
    ),
    Rule(
        "times_missing", _BLOCKING, "A time is not known.",
        "Ask the driver, and have a dispatcher correct the trip.", rides.no_times,
    ),
    Rule(
        "times_order", _BLOCKING, "The times run backwards.",
        "Have a dispatcher correct the trip; a phone's clock may have been wrong.",
        rides.times_run_back,
    ),
    Rule(
        "gps_missing", _BLOCKING, "No positions prove the ride: its miles are an estimate.",
        "Wait for a phone that was offline, else waive it with what proves the ride.",
        rides.no_positions,
    ),
    Rule(
        "gps_coverage", _BLOCKING, "Positions cover too little of the ride.",
        "Wait for a phone that was offline, else waive it with what proves the ride.",
        rides.little_covered,
    ),
    Rule(
        "gps_gap", _WARNING, "There is a long gap between positions.",
        "Look at the track; nothing needs to be done if it goes on where it stopped.",
        rides.long_gap,
    ),
    Rule(
        "odometer_variance", _WARNING, "Odometer and positions tell different miles.",
        "Look for a reading that was mistyped.", rides.odometer_differs,
    ),
    Rule(
        "log_broken", _BLOCKING, "The trip's log is not what was written.",
        "Call the administrator: somebody changed rows of the database.", rides.log_broken,
    ),
    Rule(
        "signature_missing", _BLOCKING, "Nobody signed for the ride.",
        "Attach the signed sheet.", rides.no_signature,
    ),
    Rule(
        "duplicate_trip", _BLOCKING, "The patient has the same ride twice.",
        "Claim one of the two; have the other corrected.", rides.duplicate,
    ),
    Rule(
        "patient_twice", _BLOCKING, "The patient was on another ride at the same time.",
        "Have a dispatcher correct the times of one of the two.", rides.patient_twice,
    ),
    Rule(
        "driver_twice", _BLOCKING, "The driver drove another vehicle at the same time.",
        "Have a dispatcher correct who drove, or the times.", rides.driver_twice,
    ),
    Rule(
        "vehicle_twice", _BLOCKING, "The vehicle was driven by somebody else at the same time.",
        "Have a dispatcher correct which vehicle it was, or the times.", rides.vehicle_twice,
    ),
    Rule(
        "vehicle_overloaded", _BLOCKING, "More people were aboard than the vehicle has places for.",
        "Have a dispatcher correct the vehicle or the times; or correct the seating.",
        rides.overloaded,
    ),
)  # fmt: skip
RULE_OF: Mapping[str, Rule] = {rule.code: rule for rule in RULES}
