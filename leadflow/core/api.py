"""What every API page shares: keys, paging and errors."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from leadflow.core.errors import DomainError
from leadflow.core.models import ApiToken, User
from leadflow.core.models.tokens import hash_key


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer lf_…` acts as the user who owns the key."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The user and the key, None without a header; raises AuthenticationFailed for a bad key."""
        words = get_authorization_header(request).decode("latin-1").split()
        if len(words) != 2 or words[0].lower() != "bearer":
            return None
        token = (
            ApiToken.objects.select_related("user")
            .filter(key_hash=hash_key(words[1]), revoked_at=None, user__is_active=True)
            .first()
        )
        if token is None:
            raise exceptions.AuthenticationFailed("This key is unknown or was revoked.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):
    """How the API description names the key."""

    target_class = TokenAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer key."""
        return {"type": "http", "scheme": "bearer"}


class BoundedJSONParser(JSONParser):
    """JSON that is nested beyond all reason is a bad request, not an accident."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """The parsed body; raises ParseError."""
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            raise exceptions.ParseError("This JSON is nested too deeply.") from None


class KeysetPagination(CursorPagination):
    """Pages by the last row seen, newest first, so that the last page is as near as the first."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """A page of rows; a cursor that was made by hand is answered like one that cannot be read."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError, DataError):
            raise exceptions.NotFound(self.invalid_cursor_message) from None


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a DomainError with its status, its sentence and the field it names."""
    from rest_framework.views import exception_handler  # which reads the settings that name us

    if isinstance(error, DomainError):
        body = {"detail": str(error)} | ({"field": error.field} if error.field else {})
        if path := getattr(error, "path", ""):  # to the part of a condition that does not fit
            body["path"] = path
        return Response(body, status=error.status)
    return exception_handler(error, context)
