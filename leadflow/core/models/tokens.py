"""Keys for the API: shown once, kept as a hash."""

import hashlib
import secrets

from django.db import models

from leadflow.core.models.people import User


def hash_key(key: str) -> str:
    """SHA-256 of a key as hex; keys are random and long, so a fast hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


class ApiTokenManager(models.Manager["ApiToken"]):
    """Issues keys and finds who holds one."""

    def issue(self, *, user: User, name: str) -> str:
        """Create a key for `user` and return it; it cannot be read again."""
        key = f"lf_{secrets.token_urlsafe(32)}"
        self.create(user=user, name=name, key_hash=hash_key(key))
        return key


class ApiToken(models.Model):
    """A key that lets a program act as one user."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    key_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenManager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name
