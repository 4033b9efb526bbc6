"""What keeps a trip from being claimed: one function a rule, over facts of one trip (pure).

What is found holds ids, times and numbers only; the words for people are in RULES.
"""

from billing.linter.facts import (
    AuthorizationFacts,
    ClaimFacts,
    Found,
    MeasuredFacts,
    PayerRules,
    Ridden,
    Rule,
    Severity,
)
from billing.linter.identifiers import has_form, normalised
from billing.linter.rules import RULE_OF, RULES, lint

__all__ = [
    "RULES",
    "RULE_OF",
    "AuthorizationFacts",
    "ClaimFacts",
    "Found",
    "MeasuredFacts",
    "PayerRules",
    "Ridden",
    "Rule",
    "Severity",
    "has_form",
    "lint",
    "normalised",
]
