"""What an operator asks of the running system; behind `manage.py celery_manager` and the admin."""
