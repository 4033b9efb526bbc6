"""Mails as people read them: words per kind, one layout, in their language and time zone.

`compose(row)` makes the mail of a notification: recipient, Reply-To, words, pictures, files; the
copy and the headers to unsubscribe are `users.envelope`'s. Other rooms write a letter of their own
and hand it to `post`.
"""

from users.mails.compose import compose, post
from users.mails.letters import Letter
from users.mails.people import Reader

__all__ = ["Letter", "Reader", "compose", "post"]
