"""Mail providers known by the name of their IMAP server: what they want and where they explain it.

Data only. It never decides where to connect, and an address or a name nobody listed has no provider.
"""

# ruff: noqa: S105, S106  (names and pages of app passwords, not passwords)

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. URLs are the provider's own pages; empty when it has none."""

    #: Stable, lower case; callers see it as `Mailbox.provider`.
    id: str
    #: As people write it.
    name: str
    #: Names that are the provider's alone: they and every name below them are its servers.
    domains: tuple[str, ...]
    #: Where a person makes an app password.
    app_password_url: str = ""
    #: What the provider calls an app password.
    app_password_name: str = "app password"
    #: Where it says how to switch IMAP on.
    imap_settings_url: str = ""
    #: False: only OAuth2 works.
    takes_passwords: bool = True
    #: True: the account's own password never works; False: only with two-step verification on, or never.
    needs_app_password: bool = False
    #: Shows app passwords in groups ("abcd efgh ijkl mnop") and wants them without the spaces.
    strips_password_spaces: bool = False


PROVIDERS: tuple[Provider, ...] = (
    Provider(
        id="gmail",
        name="Gmail",
        # Google Workspace uses the same host whatever the customer's domain is.
        domains=("gmail.com", "googlemail.com"),
        app_password_url="https://myaccount.google.com/apppasswords",
        imap_settings_url="https://support.google.com/mail/answer/7126229",
        needs_app_password=True,
        strips_password_spaces=True,
    ),
    Provider(
        id="microsoft",
        name="Microsoft",
        domains=(
            "outlook.com",
            "office365.com",
            "office365.us",
            "office.com",
            "hotmail.com",
            "live.com",
            "outlook.cn",
        ),
        imap_settings_url="https://support.microsoft.com/office/pop-imap-and-smtp-settings-for-outlook-com-d088b986-291d-42b8-9564-9c414e2aa040",
        # Exchange Online since 2022-10, personal accounts since 2024-09-16.
        takes_passwords=False,
    ),
    Provider(
        id="yahoo",
        name="Yahoo",
        domains=("mail.yahoo.com", "imap.mail.yahoo.co.uk", "bizmail.yahoo.com"),
        app_password_url="https://login.yahoo.com/myaccount/security/app-password",
        imap_settings_url="https://help.yahoo.com/kb/SLN4075.html",
        needs_app_password=True,
    ),
    Provider(
        id="aol",
        name="AOL",
        domains=("aol.com", "imap.aim.com", "imap.verizon.net"),
        app_password_url="https://login.aol.com/myaccount/security/app-password",
        imap_settings_url="https://help.aol.com/articles/how-do-i-use-other-email-applications-to-send-and-receive-my-aol-mail",
        needs_app_password=True,
    ),
    Provider(
        id="icloud",
        name="iCloud",
        domains=("mail.me.com", "mail.icloud.com", "imap.mac.com"),
        app_password_url="https://support.apple.com/102654",
        app_password_name="app-specific password",
        imap_settings_url="https://support.apple.com/102525",
        needs_app_password=True,
    ),
    Provider(
        id="fastmail",
        name="Fastmail",
        domains=("fastmail.com", "messagingengine.com", "imap.fastmail.fm"),
        app_password_url="https://app.fastmail.com/settings/security/apps",
        imap_settings_url="https://www.fastmail.help/hc/en-us/articles/1500000278342",
        needs_app_password=True,
    ),
    Provider(
        id="zoho",
        name="Zoho Mail",
        domains=(
            "zoho.com",
            "zoho.eu",
            "zoho.in",
            "zoho.com.au",
            "zoho.com.cn",
            "zoho.jp",
            "zoho.sa",
            "zohocloud.ca",
        ),
        app_password_url="https://accounts.zoho.com/home#security/app_password",
        imap_settings_url="https://www.zoho.com/mail/help/imap-access.html",
    ),
    Provider(
        id="yandex",
        name="Yandex Mail",
        domains=("imap.yandex.com", "imap.yandex.ru", "imap.yandex.net", "imap.ya.ru", "imap.yandex.com.tr"),
        app_password_url="https://id.yandex.com/security/app-passwords",
        imap_settings_url="https://yandex.com/support/mail/mail-clients/others.html",
        needs_app_password=True,
    ),
    Provider(
        id="mailru",
        name="Mail.ru",
        domains=("imap.mail.ru",),
        app_password_url="https://account.mail.ru/user/2-step-auth/passwords",
        imap_settings_url="https://help.mail.ru/mail/mailer/popsmtp",
        needs_app_password=True,
    ),
    Provider(
        id="qq",
        name="QQ Mail",
        domains=("imap.qq.com", "imap.exmail.qq.com", "hwimap.exmail.qq.com", "imap.foxmail.com"),
        app_password_url="https://service.mail.qq.com/detail/0/75",
        app_password_name="authorization code",
        imap_settings_url="https://service.mail.qq.com/detail/0/75",
        needs_app_password=True,
    ),
    Provider(
        id="netease",
        name="NetEase Mail (163, 126, yeah.net)",
        domains=("imap.163.com", "imap.126.com", "imap.yeah.net", "imap.188.com", "imap.vip.163.com"),
        app_password_url="https://help.mail.163.com/faqDetail.do?code=d7a5dc8471cd0c0e8b4b8f4f8e49998b374173cfe9171305fa1ce630d7f67ac2cda80145a1742516",
        app_password_name="authorization code",
        imap_settings_url="https://help.mail.163.com/faqDetail.do?code=d7a5dc8471cd0c0e8b4b8f4f8e49998b374173cfe9171305fa1ce630d7f67ac2cda80145a1742516",
        needs_app_password=True,
    ),
    Provider(
        id="gmx",
        name="GMX",
        domains=("imap.gmx.net", "imap.gmx.com", "imap.gmx.de", "imap.gmx.at", "imap.gmx.ch"),
        app_password_url="https://hilfe.gmx.net/sicherheit/2fa/anwendungsspezifisches-passwort.html",
        imap_settings_url="https://hilfe.gmx.net/pop-imap/einschalten.html",
    ),
    Provider(
        id="webde",
        name="WEB.DE",
        domains=("imap.web.de",),
        app_password_url="https://hilfe.web.de/sicherheit/2fa/anwendungsspezifisches-passwort.html",
        imap_settings_url="https://hilfe.web.de/pop-imap/einschalten.html",
    ),
    Provider(
        id="mailcom",
        name="mail.com",
        domains=("imap.mail.com",),
    ),
    Provider(
        id="tonline",
        name="Telekom Mail (t-online.de)",
        domains=("secureimap.t-online.de", "imap.t-online.de", "imap.magenta.de"),
    ),
    Provider(
        id="rackspace",
        name="Rackspace Email",
        domains=("emailsrvr.com",),
    ),
    Provider(
        id="ionos",
        name="IONOS",
        domains=(
            "imap.ionos.com",
            "imap.ionos.de",
            "imap.ionos.co.uk",
            "imap.ionos.fr",
            "imap.ionos.es",
            "imap.ionos.it",
            "imap.1und1.de",
            "imap.1and1.com",
        ),
        imap_settings_url="https://www.ionos.com/help/email/general-topics/settings-for-your-email-programs-imap-and-pop3/",
    ),
    Provider(
        id="ovh",
        name="OVHcloud",
        # Never ovh.net itself: customers' own machines have names below it.
        domains=("ssl0.ovh.net", "ssl0.ovh.ca", "mail.ovh.net", "mail.ovh.ca"),
    ),
    Provider(
        id="godaddy",
        name="GoDaddy",
        domains=("imap.secureserver.net",),
    ),
    Provider(
        id="privateemail",
        name="Namecheap Private Email",
        domains=("mail.privateemail.com",),
        imap_settings_url="https://www.namecheap.com/support/knowledgebase/article.aspx/1179/2175/",
    ),
    Provider(
        id="hostinger",
        name="Hostinger",
        domains=("imap.hostinger.com",),
    ),
    Provider(
        id="mailboxorg",
        name="mailbox.org",
        domains=("imap.mailbox.org",),
    ),
    Provider(
        id="posteo",
        name="Posteo",
        domains=("posteo.de",),
        imap_settings_url="https://posteo.de/en/help",
    ),
    Provider(
        id="comcast",
        name="Xfinity",
        domains=("imap.comcast.net",),
        imap_settings_url="https://www.xfinity.com/support/articles/third-party-email-access",
    ),
    Provider(
        id="seznam",
        name="Seznam",
        domains=("imap.seznam.cz",),
        imap_settings_url="https://o-seznam.cz/napoveda/email/",
    ),
)

_BY_DOMAIN = {domain: provider for provider in PROVIDERS for domain in provider.domains}


def provider_of(host: str) -> Provider | None:
    """Return whose server this is, or None.

    Upper case and a trailing dot do not matter. A domain counts for itself and for names below it,
    never as the tail of a label: `notgmail.com` and `imap.gmail.com.example.org` are nobody's.
    """
    labels = host.lower().removesuffix(".").split(".")
    tails = (".".join(labels[start:]) for start in range(len(labels)))
    return next((_BY_DOMAIN[tail] for tail in tails if tail in _BY_DOMAIN), None)
