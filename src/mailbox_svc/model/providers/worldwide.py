"""Providers whose users are everywhere. Data only."""

# ruff: noqa: S106  (names and pages of app passwords, not passwords)

from __future__ import annotations

from mailbox_svc.model.providers.provider import Login, MailHost, Provider, under

_OUTLOOK = (
    "at be cl co.id co.il co.th com com.ar com.au com.br com.gr com.pe com.tr com.vn cz de dk es fr hu ie \
in it jp kr lv my ph pt sa sg sk"
)
_HOTMAIL = (
    "be ca ch cl co.id co.il co.jp co.kr co.nz co.th co.uk co.za com com.ar com.au com.br com.hk com.tr \
com.tw com.vn cz de dk es fi fr gr hu it lt lv my nl no ph rs se sg sk"
)
_LIVE = (
    "at be ca cl cn co.kr co.uk co.za com com.ar com.au com.mx com.my com.ph com.pt com.sg de dk fi fr hk ie \
in it jp nl no ru se"
)
_YAHOO = "ca co.id co.in co.nz co.th co.uk co.za com com.ar com.au com.br com.co com.hk com.mx com.my com.pe \
com.ph com.sg com.tr com.tw com.vn de dk es fr gr ie in it nl no pl ro se"

WORLDWIDE: tuple[Provider, ...] = (
    Provider(
        id="gmail",
        name="Gmail",
        # Google Workspace uses the same host whatever the customer's domain is.
        domains=("gmail.com", "googlemail.com"),
        mail=(
            MailHost(
                "imap.gmail.com",
                domains=("gmail.com", "googlemail.com"),
                # https://support.google.com/a/answer/174125, and the names before 2023.
                mx=("smtp.google.com", "l.google.com", "googlemail.com"),
            ),
        ),
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
        mail=(
            MailHost(
                "outlook.office365.com",
                domains=(
                    *under("outlook", _OUTLOOK),
                    *under("hotmail", _HOTMAIL),
                    *under("live", _LIVE),
                    "msn.com",
                    "windowslive.com",
                    "passport.com",
                ),
                # "olc": personal accounts; "mx.microsoft": customers with DNSSEC.
                # https://learn.microsoft.com/microsoft-365/enterprise/external-domain-name-system-records
                mx=("mail.protection.outlook.com", "olc.protection.outlook.com", "mx.microsoft"),
            ),
            MailHost("outlook.office365.us", mx=("mail.protection.office365.us",)),
            MailHost("partner.outlook.cn", mx=("mail.protection.partner.outlook.cn",)),
        ),
        imap_settings_url="https://support.microsoft.com/office/pop-imap-and-smtp-settings-for-outlook-com-d088b986-291d-42b8-9564-9c414e2aa040",
        # Exchange Online since 2022-10, personal accounts since 2024-09-16.
        takes_passwords=False,
    ),
    Provider(
        id="yahoo",
        name="Yahoo",
        domains=("mail.yahoo.com", "imap.mail.yahoo.co.uk", "bizmail.yahoo.com"),
        mail=(
            MailHost(
                "imap.mail.yahoo.com",
                domains=(*under("yahoo", _YAHOO), "ymail.com", "rocketmail.com", "myyahoo.com"),
                # Of personal accounts only; business mail and other companies are below yahoodns.net too.
                mx=(
                    "mta5.am0.yahoodns.net",
                    "mta6.am0.yahoodns.net",
                    "mta7.am0.yahoodns.net",
                    "mx-eu.mail.am0.yahoodns.net",
                    "mx-apac.mail.gm0.yahoodns.net",
                ),
            ),
        ),
        app_password_url="https://login.yahoo.com/myaccount/security/app-password",
        imap_settings_url="https://help.yahoo.com/kb/SLN4075.html",
        needs_app_password=True,
    ),
    Provider(
        id="aol",
        name="AOL",
        domains=("aol.com", "imap.aim.com", "imap.verizon.net"),
        mail=(
            MailHost(
                "imap.aol.com",
                domains=(
                    *under("aol", "com co.uk de fr it es"),
                    "aim.com",
                    "netscape.net",
                    "compuserve.com",
                    # Verizon's customers have been AOL's since 2017.
                    "verizon.net",
                ),
                mx=("mx-aol.mail.gm0.yahoodns.net",),
            ),
        ),
        app_password_url="https://login.aol.com/myaccount/security/app-password",
        imap_settings_url="https://help.aol.com/articles/how-do-i-use-other-email-applications-to-send-and-receive-my-aol-mail",
        needs_app_password=True,
    ),
    Provider(
        id="icloud",
        name="iCloud",
        domains=("mail.me.com", "mail.icloud.com", "imap.mac.com"),
        mail=(
            MailHost("imap.mail.me.com", domains=("icloud.com", "me.com", "mac.com"), login=Login.LOCAL_PART),
            # With a domain of one's own, the login name is still that of the iCloud address.
            MailHost("imap.mail.me.com", mx=("mail.icloud.com",), login=Login.OTHER),
        ),
        app_password_url="https://support.apple.com/102654",
        app_password_name="app-specific password",
        imap_settings_url="https://support.apple.com/102525",
        needs_app_password=True,
    ),
    Provider(
        id="fastmail",
        name="Fastmail",
        domains=("fastmail.com", "messagingengine.com", "imap.fastmail.fm"),
        mail=(
            MailHost(
                "imap.fastmail.com",
                # The others of its hundred domains are found by their MX.
                domains=(
                    *under("fastmail", "com fm net org us co.uk de es fr in jp nl se to com.au"),
                    "sent.com",
                ),
                mx=("messagingengine.com",),
            ),
        ),
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
        mail=(
            MailHost("imap.zoho.com", domains=("zoho.com", "zohomail.com")),
            MailHost("imap.zoho.eu", domains=("zoho.eu", "zohomail.eu")),
            MailHost("imap.zoho.in", domains=("zoho.in", "zohomail.in")),
            # Organisations are on servers of their own, in the data centre that their MX is in.
            *(
                MailHost(f"imappro.{centre}", mx=(f"mx.{centre}", f"mx2.{centre}", f"mx3.{centre}"))
                for centre in (*under("zoho", "com eu in com.au com.cn jp sa"), "zohocloud.ca")
            ),
        ),
        app_password_url="https://accounts.zoho.com/home#security/app_password",
        imap_settings_url="https://www.zoho.com/mail/help/imap-access.html",
    ),
    Provider(
        id="mailcom",
        name="mail.com",
        domains=("imap.mail.com",),
        mail=(
            MailHost(
                "imap.mail.com",
                # The others of its two hundred domains are found by their MX.
                domains=("mail.com", "email.com", "usa.com", "europe.com", "consultant.com", "myself.com"),
                mx=("mx00.mail.com", "mx01.mail.com"),
            ),
        ),
    ),
    Provider(
        id="proton",
        name="Proton Mail",
        domains=("proton.me", "protonmail.com", "protonmail.ch"),
        mail=(
            MailHost(
                "",
                domains=("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
                mx=("mail.protonmail.ch", "mailsec.protonmail.ch"),
            ),
        ),
        imap_settings_url="https://proton.me/mail/bridge",
        without_imap="Proton Mail has IMAP only through Proton Mail Bridge, on a computer of your own.",
    ),
    Provider(
        id="tuta",
        name="Tuta",
        domains=("tuta.com", "tutanota.com", "tutanota.de"),
        mail=(
            MailHost(
                "",
                domains=(
                    "tuta.com",
                    "tuta.io",
                    "tutamail.com",
                    "tutanota.com",
                    "tutanota.de",
                    "keemail.me",
                ),
                mx=("mail.tutanota.de",),
            ),
        ),
        imap_settings_url="https://tuta.com/support",
        without_imap="Tuta has no IMAP: its mail can be read with its own programs only.",
    ),
    Provider(
        id="hey",
        name="HEY",
        domains=("hey.com",),
        mail=(MailHost("", domains=("hey.com",)),),
        imap_settings_url="https://www.hey.com/faqs/",
        without_imap="HEY has no IMAP: its mail can be read with its own programs only.",
    ),
)
