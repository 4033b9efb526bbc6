"""Payment providers behind one shape: each says where its signature is, and what a body means.

A new provider is a module with a `Provider` and a line in `PROVIDERS`; its secrets are settings.
"""

from collections.abc import Mapping

from billing.providers import stripe
from billing.providers.base import Provider

PROVIDERS: Mapping[str, Provider] = {"stripe": stripe.PROVIDER}
