"""HTTP shapes of accounts and sessions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from learnflow.contracts.text import Text
from learnflow.services.api_gateway.accounts_rules import (
    EmailAddress,
    Language,
    NewUser,
    Password,
    PersonName,
    TimeZone,
    UserRole,
)

RefreshIn = Annotated[
    Literal["cookie", "body"],
    Field(description="Where the refresh token comes: an HttpOnly cookie (pages), or the body (API clients)"),
]
RefreshTokenText = Annotated[Text, Field(min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Register(NewUser):
    """A new student."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "ada@example.org", "password": "a long one", "name": "Ada"}]}
    )

    class_code: Annotated[Text, Field(max_length=40)] | None = None
    refresh_in: RefreshIn = "cookie"


class Login(_Body):
    """An account's address and password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.org", "password": "a long one"}]})

    email: EmailAddress
    password: Annotated[Text, Field(min_length=1, max_length=128)]
    refresh_in: RefreshIn = "cookie"


class Refresh(_Body):
    """A refresh token of an API client; pages have it in their cookie and send no body."""

    refresh_token: RefreshTokenText


class ServiceSignIn(_Body):
    """A service's name and the secret of its account."""

    service: Annotated[Text, Field(min_length=1, max_length=50)]
    secret: Annotated[Text, Field(min_length=1, max_length=200)]


class ChangePassword(_Body):
    """The password until now and the one from now on."""

    current_password: Annotated[Text, Field(min_length=1, max_length=128)]
    new_password: Password


class ChangeProfile(_Body):
    """What a user may change about themselves; what is left out stays."""

    name: PersonName | None = None
    language: Language | None = None
    timezone: TimeZone | None = None


class Profile(BaseModel):
    """A user as they see themselves."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    name: str
    role: UserRole
    language: str
    timezone: str
    created_at: datetime


class TokenAnswer(BaseModel):
    """An access token; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name (RFC 6750)
    expires_in: int


class SessionTokens(TokenAnswer):
    """The tokens of a session; the refresh token is here only for who asked for it in the body."""

    session_id: UUID
    refresh_token: str | None = None


class SignedInAnswer(SessionTokens):
    """Signed in, and who that is."""

    user: Profile


class Session(BaseModel):
    """An open session; `is_current` marks the one that asks."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_current: bool


class SessionPage(BaseModel):
    """All open sessions of a user; there is never a next page."""

    items: list[Session]
    total: int
    next: str | None = None


class PublicKey(BaseModel):
    """An Ed25519 public key (RFC 8037)."""

    kty: str
    crv: str
    use: str
    alg: str
    kid: str
    x: str


class PublicKeys(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[PublicKey]
