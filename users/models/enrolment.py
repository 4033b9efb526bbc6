"""Phones that sign in by a link instead of a password."""

from django.db import models

from users.models.accounts import User


class Enrolment(models.Model):
    """A link that signs in one phone once; afterwards the record of that phone.

    Only hashes are kept: of the link's code, and of the token that it was exchanged for. The
    phone is signed in for as long as that token is there.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="enrolments")
    digest = models.CharField(max_length=128, unique=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    device_name = models.CharField(max_length=64, blank=True)
    token_digest = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="enrolment_of_user")]

    def __str__(self) -> str:
        return f"enrolment {self.pk}"
