from django.apps import AppConfig


class TripsConfig(AppConfig):
    name = "trips"

    def ready(self) -> None:
        # Django's own checks find theirs when the framework is imported; ours are found here.
        from config import checks  # noqa: F401
        from trips import task_failures

        task_failures.connect()
