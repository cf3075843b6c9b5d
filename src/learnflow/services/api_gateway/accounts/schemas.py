"""HTTP shapes of accounts and sessions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from learnflow.contracts.text import Text
from learnflow.services.api_gateway.accounts.rules import (
    EmailAddress,
    Language,
    NewAccount,
    Password,
    PersonName,
    TimeZone,
    UserRole,
    UserState,
)

RefreshIn = Annotated[
    Literal["cookie", "body"],
    Field(description="Where the refresh token comes: an HttpOnly cookie (pages), or the body (API clients)"),
]
RefreshTokenText = Annotated[Text, Field(min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Register(NewAccount):
    """A new student; a teacher with an invitation code; a guest who sends their token keeps their work."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "ada@example.org", "password": "a long one", "name": "Ada"}]}
    )

    refresh_in: RefreshIn = "cookie"


class BeGuest(_Body):
    """A look around without an account."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"language": "en", "timezone": "Europe/Berlin"}]})

    language: Language = "en"
    timezone: TimeZone = "UTC"
    refresh_in: RefreshIn = "cookie"


class ResetPassword(_Body):
    """Either the address whose password was forgotten, or the token of the link with the new password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.org"}]})

    token: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    email: Annotated[EmailAddress | None, Field(validate_default=True)] = None
    new_password: Annotated[Password | None, Field(validate_default=True)] = None

    @field_validator("email")
    @classmethod
    def _asks_or_finishes(cls, email: str | None, info: ValidationInfo) -> str | None:
        if (email is None) == (info.data.get("token") is None):
            raise ValueError("send either your e-mail address, or the link's token with new_password")
        return email

    @field_validator("new_password")
    @classmethod
    def _goes_with_the_token(cls, new_password: str | None, info: ValidationInfo) -> str | None:
        if (new_password is None) != (info.data.get("token") is None):
            raise ValueError("goes with the link's token, and the token with it")
        return new_password


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
    """A user as they see themselves; a guest has no address, and is erased at `expires_at`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str | None
    name: str
    role: UserRole
    language: str
    timezone: str
    created_at: datetime
    state: UserState
    expires_at: datetime | None


class AwaitsConsent(BaseModel):
    """The account of a child: it can sign in when a parent or guardian has agreed, or is erased at `expires_at`."""

    user: Profile
    detail: str


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
