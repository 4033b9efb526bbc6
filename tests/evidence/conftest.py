from tests.held_broker import held_broker

__all__ = ["held_broker"]
