"""`/api/auth/…`: tokens."""

from django.contrib.auth import authenticate
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, inline_serializer
from knox.views import LoginView, LogoutAllView, LogoutView
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from users.auth import TokenAuthentication
from users.models import User


class StrictSerializer(serializers.Serializer[object]):
    """Unknown fields from our own clients are errors: a typo must not look like success."""

    def to_internal_value(self, data: object) -> object:
        value = super().to_internal_value(data)
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError({str(name): "Unknown field." for name in unknown})
        return value


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username", "role"]


class CredentialsSerializer(StrictSerializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


TOKEN_ANSWER = inline_serializer(
    "Token",
    {
        "token": serializers.CharField(),
        "expiry": serializers.DateTimeField(),
        "user": UserSerializer(),
    },
)


class TokenView(LoginView):  # type: ignore[misc]
    """`{username, password}` -> `{token, expiry, user}`; one token per device, each revocable."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get_authenticate_header(self, request: Request) -> str:
        return "Token"

    @extend_schema(request=CredentialsSerializer, responses=TOKEN_ANSWER)
    def post(self, request: Request, format: str | None = None) -> Response:
        credentials = CredentialsSerializer(data=request.data)
        credentials.is_valid(raise_exception=True)
        user = authenticate(request, **credentials.validated_data)
        if user is None:
            raise exceptions.AuthenticationFailed(_("Wrong user name or password."))
        request.user = user
        response: Response = super().post(request, format)
        return response


@extend_schema(request=None, responses={204: None})
class RevokeView(LogoutView):  # type: ignore[misc]
    """Revokes the token that is shown."""

    authentication_classes = (TokenAuthentication,)


@extend_schema(request=None, responses={204: None})
class RevokeAllView(LogoutAllView):  # type: ignore[misc]
    """Revokes every token of the account."""

    authentication_classes = (TokenAuthentication,)
