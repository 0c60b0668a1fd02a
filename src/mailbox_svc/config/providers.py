"""The account providers that the settings make: Google, Microsoft, and those of the operator's file.

Facts about Google and Microsoft are theirs, from the pages cited; they were not tried against them.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from mailbox_svc.config.providers_file import read_providers, secret_from
from mailbox_svc.config.settings import Settings
from mailbox_svc.errors import ConfigError
from mailbox_svc.model.check import TokenMechanism
from mailbox_svc.model.oauth import OAuthClient, OAuthProvider

_GOOGLE_MAIL = "https://mail.google.com/"


def oauth_providers(settings: Settings) -> tuple[OAuthProvider, ...]:
    """Return Google and Microsoft, registered or not, then those of the file in its order.

    Reads the files with secrets. Raises ConfigError that names every problem.
    """
    providers: list[OAuthProvider] = []
    problems: list[str] = []
    for make in (_google, _microsoft, _others):
        try:
            providers += make(settings)
        except ConfigError as exc:
            problems.append(exc.message.removesuffix("."))
    if problems:
        raise ConfigError("; ".join(problems) + ".")
    return tuple(providers)


def _google(settings: Settings) -> list[OAuthProvider]:
    return [
        OAuthProvider(
            id="google",
            name="Google",
            authorize_url=settings.google_authorize_url,
            token_url=settings.google_token_url,
            revoke_url=settings.google_revoke_url,
            userinfo_url=settings.google_userinfo_url,
            issuer=settings.google_issuer,
            sends_issuer=False,
            # https://developers.google.com/workspace/gmail/imap/xoauth2-protocol: IMAP takes this scope only.
            scopes=("openid", "email", _GOOGLE_MAIL),
            needed_scopes=(_GOOGLE_MAIL,),
            # https://developers.google.com/identity/protocols/oauth2/web-server: a refresh token comes with
            # offline access, and after the first time only when the user is asked again.
            authorize_params=(("access_type", "offline"), ("prompt", "consent")),
            address_claims=("email",),
            client_auth="client_secret_post",
            imap_host=settings.google_imap_host,
            imap_port=settings.google_imap_port,
            imap_tls=settings.google_imap_tls,
            mechanism=TokenMechanism.XOAUTH2,
            client=_client(
                settings.google_client_id,
                settings.google_client_secret,
                settings.google_client_secret_file,
                settings.google_redirect_uri,
            ),
        )
    ]


def _microsoft(settings: Settings) -> list[OAuthProvider]:
    scope = settings.microsoft_imap_scope
    return [
        OAuthProvider(
            id="microsoft",
            name="Microsoft",
            authorize_url=settings.microsoft_authorize_url.replace("{tenant}", settings.microsoft_tenant),
            token_url=settings.microsoft_token_url.replace("{tenant}", settings.microsoft_tenant),
            revoke_url=settings.microsoft_revoke_url or "",
            userinfo_url=settings.microsoft_userinfo_url or "",
            issuer=settings.microsoft_issuer,
            sends_issuer=False,
            # https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
            scopes=("openid", "email", "profile", "offline_access", scope),
            needed_scopes=(scope,),
            authorize_params=(("prompt", "select_account"),),
            # No claim here is one that Microsoft vouches for: `email` may be any text an administrator
            # typed. It does no harm, for the address is only the login name: Exchange itself checks that
            # the token's user may open the mailbox of that name. `preferred_username` is nearest to what
            # it expects.
            address_claims=("preferred_username", "email", "upn"),
            client_auth="client_secret_post",
            imap_host=settings.microsoft_imap_host,
            imap_port=settings.microsoft_imap_port,
            imap_tls=settings.microsoft_imap_tls,
            mechanism=TokenMechanism.XOAUTH2,
            client=_client(
                settings.microsoft_client_id,
                settings.microsoft_client_secret,
                settings.microsoft_client_secret_file,
                settings.microsoft_redirect_uri,
            ),
        )
    ]


def _others(settings: Settings) -> tuple[OAuthProvider, ...]:
    return read_providers(settings.oauth_providers_file) if settings.oauth_providers_file else ()


def _client(
    client_id: str | None, secret: SecretStr | None, secret_file: Path | None, redirect_uri: str | None
) -> OAuthClient | None:
    # Settings refuses one without the other.
    if client_id is None or redirect_uri is None:
        return None
    return OAuthClient(id=client_id, secret=secret_from(secret, secret_file), redirect_uri=redirect_uri)
