"""What `celery -A config flower` reads; its command line may override it, but for the login."""

import sys

from config.environment import env, env_int

_user, _password = env("CELERY_FLOWER_USER"), env("CELERY_FLOWER_PASSWORD")
if not (_user and _password):
    sys.exit("flower: set CELERY_FLOWER_USER and CELERY_FLOWER_PASSWORD; there is no default login")

basic_auth = [f"{_user}:{_password}"]
address = "127.0.0.1"
port = env_int("CELERY_FLOWER_PORT", 5555)
