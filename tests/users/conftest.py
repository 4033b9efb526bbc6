from tests.held_broker import held_broker
from tests.users.http_receiver import receiver
from tests.users.mail_servers import mail_server

__all__ = ["held_broker", "mail_server", "receiver"]
