"""What a person is told about a failure, and what to do about it. Never contains what a server said."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailbox_svc.model.check import Code, Stage
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.providers import Provider
from mailbox_svc.model.remedy import Remedy


@dataclass(frozen=True, slots=True)
class Advice:
    """The part of a report that follows from the code, the provider and the settings."""

    #: One sentence.
    error: str
    remedy: Remedy
    #: Names of `SaveRequest` fields, most likely first.
    wrong_fields: tuple[str, ...] = ()
    #: The same test may pass later with nothing changed.
    retryable: bool = False
    #: Seconds; used when the server did not say.
    retry_after: float | None = None


_PASSWORD_REFUSED = frozenset(
    {Code.AUTH_INVALID_CREDENTIALS, Code.AUTH_APP_PASSWORD_REQUIRED, Code.AUTH_UNKNOWN}
)
_MATTER_OF_SETTINGS = frozenset({Code.AUTH_IMAP_DISABLED, Code.AUTH_UNKNOWN})


def advise(code: Code, stage: Stage, destination: Destination, provider: Provider | None) -> Advice:
    """Return the advice for a failure; `code` is any but OK."""
    advice = ADVICE[code]
    if _is_wrong_tls_mode(code, stage, destination):
        return replace(advice, remedy=Remedy(_right_mode(destination)), wrong_fields=("tls", "port"))
    if provider is None:
        return advice
    if code in _PASSWORD_REFUSED and provider.app_password_url:
        return _app_password_advice(code, provider)
    if code is Code.AUTH_BASIC_DISABLED and not provider.takes_passwords:
        text = f"Use Connect with {provider.name} (OAuth) instead of a password."
        return replace(
            advice,
            error=f"{provider.name} does not accept passwords from mail programs any more.",
            remedy=Remedy(text, provider.imap_settings_url),
        )
    if code in _MATTER_OF_SETTINGS:
        return replace(advice, remedy=replace(advice.remedy, url=provider.imap_settings_url))
    return advice


def _app_password_advice(code: Code, provider: Provider) -> Advice:
    """Advice for a refused password where app passwords exist: sure of it, or only suspecting it."""
    advice = ADVICE[code]
    name, a_kind = provider.name, provider.an_app_password
    text = make_app_password(provider)
    if code is Code.AUTH_APP_PASSWORD_REQUIRED:
        error = f"{name} wants {a_kind} here, not the account password."
    elif code is Code.AUTH_INVALID_CREDENTIALS and provider.needs_app_password:
        error = f"{advice.error}: {name} takes {a_kind} here, not the account password."
    else:
        error = advice.error
        text = (
            f"{name} may want {a_kind} instead of the account password. Else check user name and password, "
            "and that IMAP is switched on in the mailbox's settings."
        )
    return replace(advice, error=error, remedy=Remedy(text, provider.app_password_url))


def make_app_password(provider: Provider) -> str:
    """Return what to do where the account's own password does not work."""
    return f"Make {provider.an_app_password} at {provider.name} and enter it in place of the password."


def _is_wrong_tls_mode(code: Code, stage: Stage, destination: Destination) -> bool:
    """Whether the failure is that of TLS spoken to a plain port, or the other way round.

    A port for implicit TLS says nothing until it is greeted; a plain one answers a TLS hello in clear
    text or not at all.
    """
    if destination.tls:
        return destination.port == 143 and code is Code.TLS_FAILURE
    mute = {Code.SERVER_TIMEOUT, Code.SERVER_DISCONNECTED, Code.NOT_IMAP, Code.PROTOCOL_ERROR}
    return destination.port == 993 and stage is Stage.GREETING and code in mute


def _right_mode(destination: Destination) -> str:
    if destination.tls:
        return "Port 143 uses STARTTLS: switch TLS off for it, or use port 993 with TLS."
    return "Port 993 needs TLS from the start: switch TLS on, or use port 143 without it (STARTTLS)."


#: What holds when nothing is known of the provider. Every code but OK has a row.
ADVICE: dict[Code, Advice] = {
    Code.DESTINATION_NOT_ALLOWED: Advice(
        "This service does not connect to that host and port.",
        Remedy("Check host and port. For a server in a private network, ask the operator to allow it."),
        ("host", "port"),
    ),
    Code.DNS_FAILURE: Advice(
        "There is no server of that name.", Remedy("Check the spelling of the host."), ("host",)
    ),
    Code.DNS_TEMPORARY: Advice(
        "The address of the server could not be looked up just now.",
        Remedy("Try again in a minute; if it stays so, check the host."),
        ("host",),
        retryable=True,
        retry_after=60,
    ),
    Code.CONNECT_FAILED: Advice(
        "The server does not accept connections at that port.",
        Remedy("Check host and port; IMAP uses 993, or 143 with STARTTLS."),
        ("port", "host"),
        retryable=True,
        retry_after=60,
    ),
    Code.CONNECT_TIMEOUT: Advice(
        "Nothing answers at that host and port.",
        Remedy("Check host and port; IMAP uses 993, or 143 with STARTTLS."),
        ("host", "port"),
        retryable=True,
        retry_after=60,
    ),
    Code.TLS_FAILURE: Advice(
        "No encrypted connection could be made.",
        Remedy("Check port and TLS: 993 goes with TLS, 143 without (STARTTLS). The server needs TLS 1.2."),
        ("tls", "port"),
    ),
    Code.TLS_UNTRUSTED: Advice(
        "The server's certificate is not from an authority this service trusts.",
        Remedy(
            "Check the host. For a server with its own authority, ask the operator of this service to add it."
        ),
        ("host",),
    ),
    Code.TLS_NAME_MISMATCH: Advice(
        "The server's certificate is for another host name.",
        Remedy("Enter the host name your mail provider gives for IMAP, not an alias or an address."),
        ("host",),
    ),
    Code.TLS_EXPIRED: Advice(
        "The server's certificate has expired or is not valid yet.",
        Remedy("Tell the operator of the mail server to renew it."),
    ),
    Code.TLS_REQUIRED: Advice(
        "The server does not offer the encryption that logging in needs.",
        Remedy("Use port 993 with TLS; passwords are never sent without encryption."),
        ("tls", "port"),
    ),
    Code.NOT_IMAP: Advice(
        "Something answers there, but it is no IMAP server.",
        Remedy("Check host and port; IMAP uses 993, or 143 with STARTTLS."),
        ("port", "host"),
    ),
    Code.PREAUTH_REFUSED: Advice(
        "The server claims that the session is logged in already, which is not safe to believe.",
        Remedy("Check host and port, or tell the operator of the mail server."),
        ("host", "port"),
    ),
    Code.PROTOCOL_ERROR: Advice(
        "The server's answers do not follow the IMAP standard.",
        Remedy("Check host and port, or tell the operator of the mail server."),
        ("host", "port"),
    ),
    Code.RESPONSE_TOO_LARGE: Advice(
        "The server sent far more than it was asked for.",
        Remedy("Check host and port, or tell the operator of the mail server."),
        ("host", "port"),
    ),
    Code.SERVER_TIMEOUT: Advice(
        "The server stopped answering.",
        Remedy("Try again in a minute; if it stays so, check port and TLS."),
        ("port", "tls"),
        retryable=True,
        retry_after=60,
    ),
    Code.SERVER_DISCONNECTED: Advice(
        "The server closed the connection.",
        Remedy("Try again in a minute; if it stays so, check port and TLS."),
        ("port", "tls"),
        retryable=True,
        retry_after=60,
    ),
    Code.SERVER_BYE: Advice(
        "The server ended the session.",
        Remedy("Try again in a few minutes."),
        retryable=True,
        retry_after=300,
    ),
    Code.SERVER_UNAVAILABLE: Advice(
        "The server has a temporary problem.",
        Remedy("Try again in a few minutes; nothing is wrong with your settings."),
        retryable=True,
        retry_after=300,
    ),
    Code.TOO_MANY_CONNECTIONS: Advice(
        "The account has too many connections open.",
        Remedy("Close other mail programs that use it, or try again in a few minutes."),
        retryable=True,
        retry_after=300,
    ),
    Code.RATE_LIMITED: Advice(
        "The server asks to slow down.",
        Remedy("Wait before the next try; more tries make the wait longer."),
        retryable=True,
        retry_after=900,
    ),
    Code.AUTH_INVALID_CREDENTIALS: Advice(
        # Callers of the REST interface know this one word for word.
        "Invalid credentials",
        Remedy(
            "Check user name and password. Many providers want the whole e-mail address as user name, and an "
            "app password once two-step verification is on."
        ),
        ("password", "user"),
    ),
    Code.AUTH_APP_PASSWORD_REQUIRED: Advice(
        "The provider wants an app password here, not the account password.",
        Remedy("Make an app password in the security settings of your mail account and enter it here."),
        ("password",),
    ),
    Code.AUTH_WEB_LOGIN_REQUIRED: Advice(
        "The provider wants you to log in with a browser first.",
        Remedy("Log in to the mailbox in a browser, confirm that it was you, then test again."),
    ),
    Code.AUTH_ACCOUNT_LOCKED: Advice(
        "The provider has blocked the account.",
        Remedy("Log in to the mailbox in a browser and follow the instructions there."),
    ),
    Code.AUTH_BASIC_DISABLED: Advice(
        "The provider does not accept passwords from mail programs.",
        Remedy("Connect the account with OAuth instead of a password."),
        ("password",),
    ),
    Code.AUTH_IMAP_DISABLED: Advice(
        "IMAP is switched off for this account.",
        Remedy("Switch IMAP on in the mailbox's settings, or ask the administrator of the domain to do so."),
    ),
    Code.AUTH_PASSWORD_EXPIRED: Advice(
        "The password has expired.",
        Remedy("Set a new password at your mail provider and enter it here."),
        ("password",),
    ),
    Code.AUTH_MAILBOX_MISMATCH: Advice(
        "The login is valid, but the server opens no mailbox for it.",
        Remedy("Check that the user name is that of the mailbox and that the account has a mailbox licence."),
        ("user",),
        # Exchange says the same while it throttles.
        retryable=True,
        retry_after=300,
    ),
    Code.AUTH_TOKEN_REJECTED: Advice(
        "The server did not accept the access token.",
        Remedy("Connect the account again, as the user of this mailbox, and allow access to mail."),
        ("user",),
    ),
    Code.AUTH_REAUTH_REQUIRED: Advice(
        "The permission to access the account has ended.", Remedy("Connect the account again.")
    ),
    Code.AUTH_PROVIDER_UNAVAILABLE: Advice(
        "The account's provider gives no access just now.",
        Remedy("Try again in a few minutes; nothing is wrong with your settings."),
        retryable=True,
        retry_after=300,
    ),
    Code.AUTH_CLIENT_REFUSED: Advice(
        "The account's provider does not accept this service at the moment.",
        Remedy("Tell the operator of this service; there is nothing to change in your account."),
    ),
    Code.AUTH_CLIENT_ID_REQUIRED: Advice(
        "The provider considers this client unsafe.",
        Remedy("Log in to the mailbox in a browser, allow IMAP clients there, then test again."),
    ),
    Code.AUTH_UNSUPPORTED: Advice(
        "The server offers no login method that this service may use.",
        Remedy("Connect the account with OAuth if the provider offers it, or check the port."),
        ("port",),
    ),
    Code.AUTH_PASSWORD_CHARSET: Advice(
        "The server cannot take a user name or password with these characters.",
        Remedy("Set a password of plain letters, digits and signs at your mail provider."),
        ("password", "user"),
    ),
    Code.AUTH_UNKNOWN: Advice(
        "The server refused the login without a reason that we know.",
        Remedy("Check user name and password, and that IMAP is switched on in the mailbox's settings."),
        ("password", "user"),
    ),
    Code.LIST_FAILED: Advice(
        "The login worked, but the server would not list the folders.",
        Remedy("Try again later, or ask the operator of the mail server."),
        retryable=True,
        retry_after=300,
    ),
}
