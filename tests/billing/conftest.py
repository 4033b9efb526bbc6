from tests.api.conftest import as_user
from tests.held_broker import held_broker

__all__ = ["as_user", "held_broker"]
