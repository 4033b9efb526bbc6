"""Accounts, what was said to them, and what they want to hear."""

from users.models.accounts import User, check_time_zone
from users.models.audit import AuditChain, AuditEntry
from users.models.enrolment import Enrolment
from users.models.notices import Notification
from users.models.pipe import Preference, SuppressedAddress
from users.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "AuditChain",
    "AuditEntry",
    "Enrolment",
    "Notification",
    "Preference",
    "SuppressedAddress",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
    "check_time_zone",
]
