"""Money for people."""

from django import template

register = template.Library()


@register.filter
def amount(cents: int) -> str:
    """350 -> `3.50`, whatever the currency is called."""
    return f"{cents // 100}.{cents % 100:02d}"
