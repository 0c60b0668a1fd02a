"""The TOML file that names further providers, a table each. Never passes on what a value was."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mailbox_svc.config.files import read_line, read_text
from mailbox_svc.config.registrations import KNOWN, Port
from mailbox_svc.config.web import Endpoint, Host, Issuer, redirect_uri
from mailbox_svc.errors import ConfigError
from mailbox_svc.model.check import TokenMechanism
from mailbox_svc.model.oauth import OAuthClient, OAuthProvider
from mailbox_svc.model.secret import Secret

_ID = re.compile(r"[a-z0-9-]{1,32}")
#: What the flow itself says (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1).
_OURS = frozenset(
    {"response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "nonce", "login_hint"}
    | {"code_challenge", "code_challenge_method"}
)


def _ours(params: dict[str, str]) -> dict[str, str]:
    if taken := sorted(_OURS & params.keys()):
        raise ValueError(f"{', '.join(taken)} is said by the service itself")
    return params


Text = Annotated[str, Field(min_length=1)]
#: RFC 6749 §3.3; two in one string would be looked for as one.
Scope = Annotated[str, Field(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")]


class ProviderTable(BaseModel):
    """One provider of the file. The keys are those of the table in docs/oauth.md."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    name: Text
    client_id: Text
    client_secret: SecretStr | None = None
    #: A relative path begins where the file is.
    client_secret_file: Text | None = None
    redirect_uri: str
    authorize_url: Endpoint
    token_url: Endpoint
    revoke_url: Endpoint | None = None
    userinfo_url: Endpoint | None = None
    issuer: Issuer | None = None
    sends_issuer: bool = False
    scopes: Annotated[list[Scope], Field(min_length=1)]
    needed_scopes: list[Scope] = []
    authorize_params: Annotated[dict[str, str], AfterValidator(_ours)] = {}
    address_claims: Annotated[list[Text], Field(min_length=1)] = ["email"]
    client_auth: Literal["client_secret_basic", "client_secret_post", "none"] = "client_secret_basic"
    imap_host: Host
    imap_port: Port | None = None
    imap_tls: bool = True
    mechanism: Literal["XOAUTH2", "OAUTHBEARER"] | None = None

    @field_validator("redirect_uri")
    @classmethod
    def _leads_to_the_gateway(cls, value: str, info: ValidationInfo[str]) -> str:
        return redirect_uri(info.context)(value)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = [*self._secret_problems()]
        if missing := [scope for scope in self.needed_scopes if scope not in self.scopes]:
            problems.append(f"needed_scopes: {', '.join(missing)} is not among scopes")
        if self.userinfo_url is None and "openid" not in self.scopes:
            problems.append("the address comes from userinfo_url, or from the scope openid: neither is there")
        if self.sends_issuer and self.issuer is None:
            problems.append("sends_issuer needs issuer")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _secret_problems(self) -> list[str]:
        given = [secret for secret in (self.client_secret, self.client_secret_file) if secret]
        if self.client_auth == "none" and given:
            return ["client_auth none takes no secret"]
        if self.client_auth != "none" and len(given) != 1:
            return ["set client_secret_file or client_secret, and not both"]
        return []

    def provider(self, provider_id: str, secret: Secret | None) -> OAuthProvider:
        """Return the provider that the table describes."""
        return OAuthProvider(
            id=provider_id,
            name=self.name,
            authorize_url=self.authorize_url,
            token_url=self.token_url,
            revoke_url=self.revoke_url or "",
            userinfo_url=self.userinfo_url or "",
            issuer=self.issuer or "",
            sends_issuer=self.sends_issuer,
            scopes=tuple(self.scopes),
            needed_scopes=tuple(self.needed_scopes),
            authorize_params=tuple(self.authorize_params.items()),
            address_claims=tuple(self.address_claims),
            client_auth=self.client_auth,
            imap_host=self.imap_host,
            imap_port=self.imap_port or (993 if self.imap_tls else 143),
            imap_tls=self.imap_tls,
            mechanism=TokenMechanism(self.mechanism) if self.mechanism else None,
            client=OAuthClient(id=self.client_id, secret=secret, redirect_uri=self.redirect_uri),
        )


def read_providers(path: Path) -> tuple[OAuthProvider, ...]:
    """Return the providers in the order of the file. Raises ConfigError that names every problem."""
    providers: list[OAuthProvider] = []
    problems: list[str] = []
    for provider_id, table in _tables(path).items():
        try:
            providers.append(_provider(path, provider_id, table))
        except ValidationError as exc:
            problems += [_problem(provider_id, error) for error in exc.errors(include_input=False)]
        except ConfigError as exc:
            problems.append(f"[{provider_id}] {exc.message.removesuffix('.')}")
    if problems:
        raise ConfigError(f"{path}: {'; '.join(problems)}.")
    return tuple(providers)


def secret_from(value: SecretStr | None, path: Path | None) -> Secret | None:
    """Return the secret that is set, in whichever way; None when it is not. Raises ConfigError."""
    if path is None:
        return Secret(value.get_secret_value()) if value else None
    secret = Secret(read_line(path))
    if not secret:
        raise ConfigError(f"{path} is empty.")
    return secret


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as exc:
        # The text before the place may hold a character of a secret.
        raise ConfigError(f"{path} is not TOML ({str(exc).rpartition('(')[2]}.") from None


def _provider(path: Path, provider_id: str, table: Any) -> OAuthProvider:
    if not isinstance(table, dict):
        raise ConfigError("is not a table.")
    if provider_id in KNOWN:
        raise ConfigError(f"has its own settings, {provider_id.upper()}_CLIENT_ID and so on.")
    if not _ID.fullmatch(provider_id):
        raise ConfigError("is not an id: 1 to 32 of a-z, 0-9 and '-'.")
    read = ProviderTable.model_validate(table, context=provider_id)
    file = path.parent / read.client_secret_file if read.client_secret_file else None
    return read.provider(provider_id, secret_from(read.client_secret, file))


def _problem(provider_id: str, error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    said = {"extra_forbidden": "is not a key", "missing": "is missing"}
    text = said.get(error["type"], str(error["msg"]).removeprefix("Value error, "))
    return f"[{provider_id}] {key}: {text}" if key else f"[{provider_id}] {text}"
