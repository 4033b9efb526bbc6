"""How passwords are kept."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id as OWASP recommends it where many log in at once: 19 MiB, two passes, one lane.

    Django's own 100 MiB would let a handful of log-ins at a time eat a small server's memory.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
