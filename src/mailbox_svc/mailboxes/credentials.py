"""How the service logs in to a saved mailbox: its password out of the vault, or an access token.

A mailbox has either a password or a refresh token; both are bound to its destination.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailbox_svc.errors import (
    OAuthClientRefused,
    OAuthGrantRefused,
    OAuthProviderNotFound,
    OAuthProviderUnavailable,
    PasswordRequired,
    SecretUnreadable,
)
from mailbox_svc.mailboxes.changes import found
from mailbox_svc.model.check import AccessToken, Code, ConnectionReport, Credential, Password, Stage
from mailbox_svc.model.mailbox import Auth, Mailbox
from mailbox_svc.model.providers import provider_of
from mailbox_svc.model.remedies import advise
from mailbox_svc.model.secret import SealedSecret, Secret, SecretContext, SecretField
from mailbox_svc.ports import Store, Transaction, Vault
from mailbox_svc.ports.mail import NoCredential
from mailbox_svc.ports.oauth import AccessTokens


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """A mailbox and its sealed password, if it logs in by one and has one."""

    mailbox: Mailbox
    sealed: SealedSecret | None


async def stored_login(tx: Transaction, mailbox: Mailbox) -> StoredLogin:
    """Return the mailbox with its password. They fit where the mailbox is locked, and nearly always else."""
    if mailbox.auth is Auth.OAUTH:
        return StoredLogin(mailbox, None)
    return StoredLogin(mailbox, await tx.secrets.find(mailbox.id, SecretField.MAILBOX_PASSWORD))


class Credentials:
    """What saved mailboxes log in with."""

    def __init__(self, store: Store, vault: Vault, tokens: AccessTokens) -> None:
        self._store = store
        self._vault = vault
        self._tokens = tokens

    async def of(
        self,
        user_id: str,
        mailbox_id: str,
        *,
        refused: Credential | None = None,
        stored: StoredLogin | None = None,
    ) -> tuple[Mailbox, Credential]:
        """Return the mailbox and what it logs in with; not an access token that a server has refused.

        `stored` is what was read just before, without a lock, and saves a transaction. Raises
        MailboxNotFound, PasswordRequired when none is stored, SecretUnreadable, or NoCredential when the
        account's provider gives no access token.
        """
        if stored is not None:
            try:
                return await self._revealed(stored, refused)
            except (PasswordRequired, SecretUnreadable):
                pass  # perhaps it was changed between mailbox and password
        async with self._store.begin(user_id) as tx:
            stored = await stored_login(tx, await found(tx, mailbox_id))
        return await self._revealed(stored, refused)

    async def _revealed(self, stored: StoredLogin, refused: Credential | None) -> tuple[Mailbox, Credential]:
        mailbox = stored.mailbox
        if mailbox.auth is Auth.OAUTH:
            return mailbox, await self._token(mailbox, refused)
        if stored.sealed is None:
            raise PasswordRequired("No password is stored for this mailbox; save it with one.")
        return mailbox, Password(self._vault.open(stored.sealed, password_context(mailbox)))

    async def _token(self, mailbox: Mailbox, refused: Credential | None) -> AccessToken:
        try:
            return await self._tokens.get(
                mailbox, refused=refused if isinstance(refused, AccessToken) else None
            )
        except OAuthGrantRefused:
            raise NoCredential(grant_ended(mailbox)) from None
        except (OAuthClientRefused, OAuthProviderNotFound):
            raise NoCredential(_report(Code.AUTH_CLIENT_REFUSED, mailbox)) from None
        except OAuthProviderUnavailable as error:
            code, after = Code.AUTH_PROVIDER_UNAVAILABLE, error.retry_after
            raise NoCredential(_report(code, mailbox, retry_after=after)) from None


def is_token_refused(credential: Credential | None, report: ConnectionReport) -> bool:
    """Say whether a server has refused an access token.

    A token may end early, so that one refusal says little; that of a fresh one says enough.
    """
    return isinstance(credential, AccessToken) and report.code is Code.AUTH_TOKEN_REJECTED


def grant_ended(mailbox: Mailbox) -> ConnectionReport:
    """Return the report that says to connect the account again."""
    return _report(Code.AUTH_REAUTH_REQUIRED, mailbox)


def no_token_in_time(mailbox: Mailbox) -> ConnectionReport:
    """Return the report of a login whose time went into waiting for a token."""
    return _report(Code.AUTH_PROVIDER_UNAVAILABLE, mailbox)


def _report(code: Code, mailbox: Mailbox, *, retry_after: float | None = None) -> ConnectionReport:
    """Return the report of a login for which there was nothing to log in with."""
    advice = advise(code, Stage.AUTH, mailbox.destination, provider_of(mailbox.destination.host))
    return ConnectionReport(
        code,
        Stage.AUTH,
        error=advice.error,
        remedy=advice.remedy,
        retryable=advice.retryable,
        retry_after=retry_after if retry_after is not None else advice.retry_after,
    )


def password_context(mailbox: Mailbox) -> SecretContext:
    """Return what the mailbox's password is bound to."""
    return _context(SecretField.MAILBOX_PASSWORD, mailbox)


def refresh_token_context(mailbox: Mailbox) -> SecretContext:
    """Return what the mailbox's refresh token is bound to."""
    return _context(SecretField.MAILBOX_REFRESH_TOKEN, mailbox)


def _context(field: SecretField, mailbox: Mailbox) -> SecretContext:
    return SecretContext(
        field=field,
        user_id=mailbox.user_id,
        mailbox_id=mailbox.id,
        destination=mailbox.destination,
        version=mailbox.secret_version,
    )


async def put_password(tx: Transaction, vault: Vault, mailbox: Mailbox, password: Secret) -> None:
    """Seal the password for this mailbox and store it in the same transaction; it is the only secret then."""
    await _put(tx, vault, password_context(mailbox), password)
    await tx.secrets.delete(mailbox.id, SecretField.MAILBOX_REFRESH_TOKEN)


async def put_refresh_token(tx: Transaction, vault: Vault, mailbox: Mailbox, token: Secret) -> None:
    """Seal the refresh token for this mailbox and store it; it is the only secret then."""
    await _put(tx, vault, refresh_token_context(mailbox), token)
    await tx.secrets.delete(mailbox.id, SecretField.MAILBOX_PASSWORD)


async def stored_grant(tx: Transaction, mailbox: Mailbox) -> SealedSecret | None:
    """Return the refresh token of a mailbox that was connected by OAuth2; None where there is none."""
    if mailbox.auth is not Auth.OAUTH:
        return None
    return await tx.secrets.find(mailbox.id, SecretField.MAILBOX_REFRESH_TOKEN)


async def _put(tx: Transaction, vault: Vault, context: SecretContext, secret: Secret) -> None:
    await tx.secrets.put(context.mailbox_id, context.field, context.version, vault.seal(secret, context))
