"""Numbers that a manager asks for: what they mean, their roll-up tables, and reading those."""
