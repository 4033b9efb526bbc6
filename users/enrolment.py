"""Signing in a phone by a link: made by a dispatcher, shown as a QR code, good once and briefly.

The code stands in the link's fragment, which no server and no mail scanner sees. The phone
exchanges it for a token of its own, which can be revoked without touching any other.
"""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.limits import Throttle
from users.api import TOKEN_ANSWER, StrictSerializer, UserSerializer
from users.auth import hash_token
from users.models import Enrolment, User

#: Long enough to walk over to the driver, too short to be found on a desk.
LINK_FOR = timedelta(minutes=15)
#: A driver signs in once; a phone that is lost is signed out by dispatch.
SIGNED_IN_FOR = timedelta(days=365)


class InvalidEnrolment(Exception):
    """The link is unknown, was used, is too old, or its person may not sign in."""


def invite(*, user: User, by: User) -> str:
    """A new code for `user`'s phone. A link that was made before and not used ends."""
    code = secrets.token_urlsafe(24)
    with transaction.atomic():
        Enrolment.objects.filter(user=user, used_at=None).delete()
        Enrolment.objects.create(
            user=user,
            digest=hash_token(code) or "",
            created_by=by,
            expires_at=timezone.now() + LINK_FOR,
        )
    return code


def redeem(*, code: str, device_name: str) -> tuple[str, datetime, User]:
    """(token, its end, whose) for a code; InvalidEnrolment where it is no good (any more)."""
    with transaction.atomic():
        waiting = Enrolment.objects.select_for_update(of=("self",)).select_related("user")
        row = waiting.filter(digest=hash_token(code) or "-", used_at=None).first()
        now = timezone.now()
        if row is None or row.expires_at <= now or not row.user.is_active:
            raise InvalidEnrolment
        held, token = AuthToken.objects.create(user=row.user, expiry=SIGNED_IN_FOR)
        row.used_at, row.device_name, row.token_digest = now, device_name, held.digest
        row.save(update_fields=["used_at", "device_name", "token_digest"])
    return token, held.expiry, row.user


def phones_of(user: User) -> QuerySet[Enrolment]:
    """The phones that signed in by a link and still are, newest first."""
    token = AuthToken.objects.filter(digest=OuterRef("token_digest"), expiry__gt=timezone.now())
    return Enrolment.objects.filter(Exists(token), user=user).order_by("-used_at")


def sign_out(*, user: User, enrolment_id: int) -> bool:
    """End the token of one of `user`'s phones; False where there is none."""
    digests = phones_of(user).filter(pk=enrolment_id).values_list("token_digest", flat=True)
    deleted, _ = AuthToken.objects.filter(digest__in=list(digests)).delete()
    return bool(deleted)


class EnrolSerializer(StrictSerializer):
    code = serializers.CharField(max_length=128)
    device_name = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class EnrolThrottle(Throttle):
    """Codes that one address may try; ATW_ENROL_RATE."""

    scope = "enrol"

    def limit(self) -> str:
        return str(settings.ENROL_RATE)


class EnrolView(APIView):
    """`{code, device_name?}` -> `{token, expiry, user}`: once for each link."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (EnrolThrottle,)

    def get_authenticate_header(self, request: Request) -> str:
        return "Token"

    @extend_schema(request=EnrolSerializer, responses=TOKEN_ANSWER)
    def post(self, request: Request) -> Response:
        given = EnrolSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            token, expiry, user = redeem(**given.validated_data)
        except InvalidEnrolment:
            detail = "This link was used or is too old. Ask dispatch for a new one."
            raise exceptions.AuthenticationFailed(detail) from None
        user_json = UserSerializer(user).data
        return Response({"token": token, "expiry": expiry, "user": user_json})
