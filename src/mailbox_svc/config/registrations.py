"""How this service is registered with Google and Microsoft, by the names that their users know.

Other programs read variables of these names too, so an unknown `GOOGLE_…` is nobody's mistake.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from mailbox_svc.config.web import Endpoint, Host, Issuer, redirect_uri

#: The providers whose settings are here; in the environment their names are the prefix.
KNOWN = ("google", "microsoft")

Port = Annotated[int, Field(ge=1, le=65535)]

_LOGIN = "https://login.microsoftonline.com/{tenant}"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)


def _tenant(value: str) -> str:
    # https://learn.microsoft.com/entra/identity-platform/v2-protocols#endpoints
    if (
        value in {"common", "organizations", "consumers"}
        or _GUID.fullmatch(value)
        or _DOMAIN.fullmatch(value)
    ):
        return value
    raise ValueError("must be common, organizations, consumers, or the id or domain of a tenant")


class Registrations(BaseSettings):
    """Google's and Microsoft's registration and endpoints. Half a registration is a mistake."""

    google_client_id: str | None = None
    google_client_secret: SecretStr | None = None
    google_client_secret_file: Path | None = None
    google_redirect_uri: Annotated[str, AfterValidator(redirect_uri("google"))] | None = None
    # As in https://accounts.google.com/.well-known/openid-configuration
    google_authorize_url: Endpoint = "https://accounts.google.com/o/oauth2/v2/auth"
    google_token_url: Endpoint = "https://oauth2.googleapis.com/token"  # noqa: S105  (a URL)
    google_revoke_url: Endpoint = "https://oauth2.googleapis.com/revoke"
    google_userinfo_url: Endpoint = "https://openidconnect.googleapis.com/v1/userinfo"
    google_issuer: Issuer = "https://accounts.google.com"
    google_imap_host: Host = "imap.gmail.com"
    google_imap_port: Port = 993
    google_imap_tls: bool = True

    microsoft_client_id: str | None = None
    microsoft_client_secret: SecretStr | None = None
    microsoft_client_secret_file: Path | None = None
    microsoft_redirect_uri: Annotated[str, AfterValidator(redirect_uri("microsoft"))] | None = None
    #: Whose accounts may be connected; it takes the place of `{tenant}` below.
    microsoft_tenant: Annotated[str, AfterValidator(_tenant)] = "common"
    microsoft_authorize_url: Endpoint = f"{_LOGIN}/oauth2/v2.0/authorize"
    microsoft_token_url: Endpoint = f"{_LOGIN}/oauth2/v2.0/token"
    #: Microsoft has none: the user takes the permission back at https://myapps.microsoft.com
    microsoft_revoke_url: Endpoint | None = None
    #: None, because Microsoft's takes tokens for Graph only and ours are for Exchange.
    microsoft_userinfo_url: Endpoint | None = None
    #: `{tenantid}` is the claim `tid` of the ID token: with `common`, each tenant is an issuer of its own.
    microsoft_issuer: Issuer = "https://login.microsoftonline.com/{tenantid}/v2.0"
    #: The permission to read mail; other clouds have one of another name.
    microsoft_imap_scope: str = Field(
        default="https://outlook.office.com/IMAP.AccessAsUser.All", pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$"
    )
    microsoft_imap_host: Host = "outlook.office365.com"
    microsoft_imap_port: Port = 993
    microsoft_imap_tls: bool = True

    def registration_problems(self) -> list[str]:
        """Say for each provider what its registration lacks or has twice."""
        return [problem for provider in KNOWN for problem in self._problems_of(provider)]

    def _problems_of(self, provider: str) -> list[str]:
        prefix = provider.upper()
        inline = getattr(self, f"{provider}_client_secret")
        file = getattr(self, f"{provider}_client_secret_file")
        parts = {
            f"{prefix}_CLIENT_ID": getattr(self, f"{provider}_client_id"),
            f"{prefix}_CLIENT_SECRET_FILE (or {prefix}_CLIENT_SECRET)": inline or file,
            f"{prefix}_REDIRECT_URI": getattr(self, f"{provider}_redirect_uri"),
        }
        missing = [name for name, value in parts.items() if not value]
        problems = []
        if inline and file:
            problems.append(f"set {prefix}_CLIENT_SECRET or {prefix}_CLIENT_SECRET_FILE, not both")
        if missing and len(missing) < len(parts):
            problems.append(f"to connect {provider.capitalize()}, set {' and '.join(missing)} as well")
        return problems
