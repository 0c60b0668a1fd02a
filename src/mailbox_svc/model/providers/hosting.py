"""Providers of mail for customers' own domains, known by their MX. Data only."""

from __future__ import annotations

from mailbox_svc.model.providers.provider import MailHost, Provider

HOSTING: tuple[Provider, ...] = (
    Provider(
        id="rackspace",
        name="Rackspace Email",
        domains=("emailsrvr.com",),
        mail=(MailHost("secure.emailsrvr.com", mx=("mx1.emailsrvr.com", "mx2.emailsrvr.com")),),
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
        mail=(
            MailHost(
                "imap.ionos.com", mx=("mx00.ionos.com", "mx01.ionos.com", "mx00.1and1.com", "mx01.1and1.com")
            ),
            MailHost(
                "imap.ionos.de",
                mx=("mx00.ionos.de", "mx01.ionos.de", "mx00.kundenserver.de", "mx01.kundenserver.de"),
            ),
            MailHost("imap.ionos.co.uk", mx=("mx00.ionos.co.uk", "mx01.ionos.co.uk")),
            MailHost("imap.ionos.fr", mx=("mx00.ionos.fr", "mx01.ionos.fr")),
            MailHost("imap.ionos.es", mx=("mx00.ionos.es", "mx01.ionos.es")),
            MailHost("imap.ionos.it", mx=("mx00.ionos.it", "mx01.ionos.it")),
            # Of the access business, which kept the old name.
            MailHost("imap.1und1.de", domains=("online.de", "onlinehome.de")),
        ),
        imap_settings_url="https://www.ionos.com/help/email/general-topics/settings-for-your-email-programs-imap-and-pop3/",
    ),
    Provider(
        id="ovh",
        name="OVHcloud",
        # Never ovh.net itself: customers' own machines have names below it.
        domains=("ssl0.ovh.net", "ssl0.ovh.ca", "mail.ovh.net", "mail.ovh.ca"),
        mail=(
            MailHost("ssl0.ovh.net", mx=tuple(f"mx{number}.mail.ovh.net" for number in range(5))),
            MailHost("ssl0.ovh.ca", mx=tuple(f"mx{number}.mail.ovh.ca" for number in range(5))),
        ),
    ),
    Provider(
        id="godaddy",
        name="GoDaddy",
        domains=("imap.secureserver.net",),
        mail=(
            MailHost("imap.secureserver.net", mx=("smtp.secureserver.net", "mailstore1.secureserver.net")),
        ),
    ),
    Provider(
        id="privateemail",
        name="Namecheap Private Email",
        domains=("mail.privateemail.com",),
        mail=(MailHost("mail.privateemail.com", mx=("mx1.privateemail.com", "mx2.privateemail.com")),),
        imap_settings_url="https://www.namecheap.com/support/knowledgebase/article.aspx/1179/2175/",
    ),
    Provider(
        id="hostinger",
        name="Hostinger",
        domains=("imap.hostinger.com",),
        mail=(MailHost("imap.hostinger.com", mx=("mx1.hostinger.com", "mx2.hostinger.com")),),
    ),
    Provider(
        id="titan",
        name="Titan",
        domains=("imap.titan.email",),
        mail=(MailHost("imap.titan.email", mx=("mx1.titan.email", "mx2.titan.email")),),
    ),
    Provider(
        id="migadu",
        name="Migadu",
        domains=("imap.migadu.com",),
        mail=(MailHost("imap.migadu.com", mx=("aspmx1.migadu.com", "aspmx2.migadu.com")),),
        imap_settings_url="https://migadu.com/guides/",
    ),
    Provider(
        id="strato",
        name="STRATO",
        domains=("imap.strato.de",),
        mail=(MailHost("imap.strato.de", mx=("rzone.de",)),),
        imap_settings_url="https://www.strato.de/faq/mail/externes-e-mail-programm-mit-strato-e-mail-adresse-nutzen/",
    ),
    Provider(
        id="gandi",
        name="Gandi",
        domains=("mail.gandi.net",),
        mail=(MailHost("mail.gandi.net", mx=("spool.mail.gandi.net", "fb.mail.gandi.net")),),
        imap_settings_url="https://docs.gandi.net/en/gandimail/",
    ),
    Provider(
        id="infomaniak",
        name="Infomaniak",
        domains=("mail.infomaniak.com",),
        mail=(
            MailHost(
                "mail.infomaniak.com",
                domains=("ik.me", "ikmail.com", "etik.com"),
                mx=("mta-gw.infomaniak.ch",),
            ),
        ),
    ),
)
