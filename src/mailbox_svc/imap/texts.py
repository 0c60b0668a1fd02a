"""What servers say when they refuse, and what it means: data only, read by `classify`.

Facts collected from servers' sources and from reports of their users; the tests hold a whole text for
every row. A pattern is lower case and is looked for anywhere in the text.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailbox_svc.model.check import Code

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Row:
    """One way to say it."""

    pattern: str
    code: Code
    #: Who says it, and where that was seen.
    source: str
    #: Counts at this provider only; empty counts everywhere.
    provider: str = ""
    #: Seconds to wait at least; None when nothing is known.
    retry_after: float | None = None


#: Texts that mean one thing whatever response code stands beside them. The first that fits counts:
#: throttling, then what only the account's owner can change, then trouble at the server.
SPECIFIC: tuple[Row, ...] = (
    Row("too many simultaneous connections", Code.TOO_MANY_CONNECTIONS, "Gmail, zone-eu/wildduck#35"),
    Row(
        "maximum number of connections",
        Code.TOO_MANY_CONNECTIONS,
        "Dovecot and Rackspace, mscdex/node-imap#606",
    ),
    Row("too many open connections", Code.TOO_MANY_CONNECTIONS, "Cyrus imapd.c"),
    Row("too many connections", Code.TOO_MANY_CONNECTIONS, "hMailServer, Mailspring#1113"),
    Row("connection limit", Code.TOO_MANY_CONNECTIONS, "several hosters"),
    Row("bandwidth limits", Code.RATE_LIMITED, "Gmail, support 1071518", retry_after=_HOUR),
    Row("request is throttled", Code.RATE_LIMITED, "Exchange Online, imapsync#272"),
    Row("too many bad login attempts", Code.RATE_LIMITED, "Yahoo, MailKit#320", retry_after=_HOUR),
    Row("too many login attempts", Code.RATE_LIMITED, "Proton Mail Bridge, ProtonMail/gluon#349"),
    Row("too many failed", Code.RATE_LIMITED, "several servers with a brute-force guard"),
    Row("too many auth", Code.RATE_LIMITED, "Stalwart"),
    Row("rate-limit", Code.RATE_LIMITED, "Mailu, Mailu#2283"),
    Row("rate limit", Code.RATE_LIMITED, "Yahoo and Mailu"),
    Row("[throttled]", Code.RATE_LIMITED, "Gmail"),
    # Five reasons in one sentence is none.
    Row("password is incorrect, login frequency limited", Code.AUTH_UNKNOWN, "QQ, cursor-auto-free#294"),
    Row("application-specific password", Code.AUTH_APP_PASSWORD_REQUIRED, "Gmail, mutt-wizard#831"),
    Row(
        "plication password is required", Code.AUTH_APP_PASSWORD_REQUIRED, "Mail.ru, thunderbird-android#9069"
    ),
    Row("parol prilozheniya", Code.AUTH_APP_PASSWORD_REQUIRED, "Mail.ru, thunderbird-android#9069"),
    Row("app password", Code.AUTH_APP_PASSWORD_REQUIRED, "Purelymail, purelymail-issues#337"),
    Row("authorized code", Code.AUTH_APP_PASSWORD_REQUIRED, "QQ, sync-engine"),
    Row("authorization code", Code.AUTH_APP_PASSWORD_REQUIRED, "QQ, YMFE/yapi#2219"),
    Row("using weixin token", Code.AUTH_APP_PASSWORD_REQUIRED, "QQ, sync-engine"),
    Row("log in via your web browser", Code.AUTH_WEB_LOGIN_REQUIRED, "Gmail, MailSystem.NET#17"),
    Row("log in with your web browser", Code.AUTH_WEB_LOGIN_REQUIRED, "Gmail, support 78754"),
    Row("web login required", Code.AUTH_WEB_LOGIN_REQUIRED, "Gmail, owncloud/mail#934"),
    Row("to your account via a web browser", Code.AUTH_ACCOUNT_LOCKED, "Outlook.com, node-imap#799"),
    Row("account is locked", Code.AUTH_ACCOUNT_LOCKED, "several servers"),
    Row("account has been suspended", Code.AUTH_ACCOUNT_LOCKED, "several hosters"),
    Row("account disabled", Code.AUTH_ACCOUNT_LOCKED, "Cyrus SASL, SASL_DISABLED"),
    Row("basic authentication is disabled", Code.AUTH_BASIC_DISABLED, "Exchange Online, holon-run/uxc#445"),
    Row("credentials or imap is disabled", Code.AUTH_INVALID_CREDENTIALS, "Yandex, Mailspring#2111"),
    Row("not enabled for imap", Code.AUTH_IMAP_DISABLED, "Gmail, mailcore2"),
    Row("yet to enable imap", Code.AUTH_IMAP_DISABLED, "Zoho, sync-engine"),
    Row("imap access is disabled", Code.AUTH_IMAP_DISABLED, "Gmail Workspace, mailcore2"),
    Row("imap access disabled via insecure", Code.TLS_REQUIRED, "Courier imapd.C"),
    Row("imap access disabled", Code.AUTH_IMAP_DISABLED, "Courier imapd.C"),
    Row("imap is disabled", Code.AUTH_IMAP_DISABLED, "several hosters"),
    Row("login disabled for this user", Code.AUTH_IMAP_DISABLED, "Dovecot client-authenticate.c"),
    Row("lookup failed", Code.AUTH_IMAP_DISABLED, "Gmail with a token, MailKit#1786", provider="gmail"),
    Row("logging in is disabled", Code.AUTH_UNSUPPORTED, "LOGINDISABLED, leadminer"),
    Row("no mechanism available", Code.AUTH_UNSUPPORTED, "Cyrus SASL, SASL_NOMECH"),
    Row("mechanism not supported", Code.AUTH_UNSUPPORTED, "GNU mailutils imap4d"),
    Row("mechanism too weak", Code.AUTH_UNSUPPORTED, "Cyrus SASL, SASL_TOOWEAK"),
    Row("text authentication disallowed", Code.TLS_REQUIRED, "Dovecot: plaintext (2.3), cleartext (2.4)"),
    Row("text authentication not allowed without", Code.TLS_REQUIRED, "Dovecot [ALERT]"),
    Row("only available under a layer", Code.TLS_REQUIRED, "Cyrus imapd.c"),
    Row("encryption needed to use mechanism", Code.TLS_REQUIRED, "Cyrus SASL, SASL_ENCRYPT"),
    Row("use starttls first", Code.TLS_REQUIRED, "GNU mailutils imap4d"),
    Row("passphrase expired", Code.AUTH_PASSWORD_EXPIRED, "Cyrus SASL, SASL_EXPIRED"),
    Row("password expired", Code.AUTH_PASSWORD_EXPIRED, "Dovecot"),
    Row("authenticated but not connected", Code.AUTH_MAILBOX_MISMATCH, "Exchange Online, php-imap#464"),
    Row("accesstokenexpired", Code.AUTH_TOKEN_REJECTED, "Exchange Online, aioimaplib#83"),
    Row("unsafe login", Code.AUTH_CLIENT_ID_REQUIRED, "163, 126 and yeah.net, himalaya#651"),
    Row("temporary authentication failure", Code.SERVER_UNAVAILABLE, "Dovecot"),
    Row("account is temporarily unavailable", Code.SERVER_UNAVAILABLE, "Dovecot proxy"),
    Row("service temporarily unavailable", Code.SERVER_UNAVAILABLE, "iCloud, mailcore2#1642"),
    Row("temporary problem", Code.SERVER_UNAVAILABLE, "Courier imaplogin"),
    Row("internal error occurred", Code.SERVER_UNAVAILABLE, "Dovecot"),
    Row("server unavailable", Code.SERVER_UNAVAILABLE, "Exchange Online; Cyrus SASL, SASL_UNAVAIL"),
    Row("server error", Code.SERVER_UNAVAILABLE, "Yahoo, Yandex"),
    Row("system error", Code.SERVER_UNAVAILABLE, "Gmail and others, Mailpile#1888"),
    Row("ocf12", Code.SERVER_UNAVAILABLE, "Yahoo"),
    # saslauthd or the account database cannot be reached; a wrong password is "authentication failure".
    Row("login failed: generic failure", Code.SERVER_UNAVAILABLE, "Cyrus SASL, SASL_FAIL"),
)

#: Response codes without their brackets, believed when no specific text fits. Temporary ones first.
CODES: tuple[Row, ...] = (
    Row("overquota", Code.RATE_LIMITED, "RFC 5530; Gmail for bandwidth", retry_after=_HOUR),
    Row("limit", Code.RATE_LIMITED, "RFC 5530; Yahoo"),
    Row("unavailable", Code.SERVER_UNAVAILABLE, "RFC 5530"),
    Row("serverbug", Code.SERVER_UNAVAILABLE, "RFC 5530"),
    Row("inuse", Code.SERVER_UNAVAILABLE, "RFC 5530; pymap"),
    Row("tempfail", Code.SERVER_UNAVAILABLE, "Oracle and Sun Messaging Server"),
    Row("webalert", Code.AUTH_WEB_LOGIN_REQUIRED, "Gmail"),
    Row("privacyrequired", Code.TLS_REQUIRED, "RFC 5530"),
    Row("expired", Code.AUTH_PASSWORD_EXPIRED, "RFC 5530"),
    Row("contactadmin", Code.AUTH_ACCOUNT_LOCKED, "RFC 5530"),
    Row("authenticationfailed", Code.AUTH_INVALID_CREDENTIALS, "RFC 5530"),
    Row("authorizationfailed", Code.AUTH_INVALID_CREDENTIALS, "RFC 5530; Dovecot"),
)

#: Texts that blame the credentials, believed last.
GENERIC: tuple[Row, ...] = (
    # Microsoft has no words of its own for "no passwords here" in most of these cases.
    Row("login failed.", Code.AUTH_BASIC_DISABLED, "Exchange Online, imapclient#602", provider="microsoft"),
    Row("authenticate failed.", Code.AUTH_BASIC_DISABLED, "Exchange Online", provider="microsoft"),
    Row("invalid credentials", Code.AUTH_INVALID_CREDENTIALS, "Gmail, Yahoo, Zoho, WildDuck"),
    Row("incorrect username", Code.AUTH_INVALID_CREDENTIALS, "Fastmail, Mailspring#2217; Yahoo"),
    Row("incorrect password", Code.AUTH_INVALID_CREDENTIALS, "CommuniGate, sync-engine"),
    Row("incorrect login", Code.AUTH_INVALID_CREDENTIALS, "Proton Mail Bridge, ProtonMail/gluon#349"),
    Row("login incorrect", Code.AUTH_INVALID_CREDENTIALS, "sync-engine"),
    Row("login failed", Code.AUTH_INVALID_CREDENTIALS, "Courier, Exchange, Zimbra, GroupWise"),
    Row("login fail.", Code.AUTH_INVALID_CREDENTIALS, "QQ"),
    Row("authentication failed", Code.AUTH_INVALID_CREDENTIALS, "iCloud, GMX, web.de, Dovecot"),
    Row("authentication failure", Code.AUTH_INVALID_CREDENTIALS, "Cyrus SASL, SASL_BADAUTH"),
    Row("authenticate failed", Code.AUTH_INVALID_CREDENTIALS, "Exchange, MailKit#483"),
    Row("password error", Code.AUTH_INVALID_CREDENTIALS, "163, sync-engine"),
    Row("passwd rejected", Code.AUTH_INVALID_CREDENTIALS, "GNU mailutils imap4d"),
    Row("credentials invalid", Code.AUTH_INVALID_CREDENTIALS, "Mailu#2283"),
    Row("invalid login", Code.AUTH_INVALID_CREDENTIALS, "AOL and James, sync-engine"),
    Row("invalid username", Code.AUTH_INVALID_CREDENTIALS, "MailEnable"),
    Row("invalid user name", Code.AUTH_INVALID_CREDENTIALS, "hMailServer"),
    Row("bad username or password", Code.AUTH_INVALID_CREDENTIALS, "sync-engine"),
    Row("wrong password", Code.AUTH_INVALID_CREDENTIALS, "several servers"),
)
