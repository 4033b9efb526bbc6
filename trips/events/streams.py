"""Names of the numbered streams (pure)."""

BOARD = "board"


def trip_stream(trip_id: int) -> str:
    """What watchers of one trip see."""
    return f"trip:{trip_id}"


def user_stream(user_id: int) -> str:
    """What one person is told: notices and, for a driver, assignments."""
    return f"user:{user_id}"
