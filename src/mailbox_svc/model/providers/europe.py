"""Providers in Europe, by country. Data only."""

# ruff: noqa: S106  (names and pages of app passwords, not passwords)

from __future__ import annotations

from mailbox_svc.model.providers.provider import Login, MailHost, Provider, under

_POSTEO = (
    "de net org eu us at be ca ch co.uk com cz dk es fi gr hu ie it jp li lu me mx nl no nz pl pt ro se uk"
)

EUROPE: tuple[Provider, ...] = (
    # Germany
    Provider(
        id="gmx",
        name="GMX",
        domains=("imap.gmx.net", "imap.gmx.com", "imap.gmx.de", "imap.gmx.at", "imap.gmx.ch"),
        mail=(
            MailHost("imap.gmx.net", domains=under("gmx", "net de at ch eu org info biz")),
            MailHost("imap.gmx.com", domains=under("gmx", "com us co.uk fr es it ie")),
        ),
        app_password_url="https://hilfe.gmx.net/sicherheit/2fa/anwendungsspezifisches-passwort.html",
        imap_settings_url="https://hilfe.gmx.net/pop-imap/einschalten.html",
    ),
    Provider(
        id="webde",
        name="WEB.DE",
        domains=("imap.web.de",),
        mail=(MailHost("imap.web.de", domains=("web.de",)),),
        app_password_url="https://hilfe.web.de/sicherheit/2fa/anwendungsspezifisches-passwort.html",
        imap_settings_url="https://hilfe.web.de/pop-imap/einschalten.html",
    ),
    Provider(
        id="tonline",
        name="Telekom Mail (t-online.de)",
        domains=("secureimap.t-online.de", "imap.t-online.de", "imap.magenta.de"),
        mail=(MailHost("secureimap.t-online.de", domains=("t-online.de", "magenta.de")),),
        app_password_url="https://www.telekom.de/hilfe/apps-dienste/e-mail/programme/passwort-verwalten",
        app_password_name="e-mail password",
        imap_settings_url="https://www.telekom.de/hilfe/apps-dienste/e-mail/einstellungen/posteingang-postausgang-server",
        # The password of the customer's account opens the web pages only.
        needs_app_password=True,
    ),
    Provider(
        id="freenet",
        name="freenet Mail",
        domains=("mx.freenet.de",),
        mail=(MailHost("mx.freenet.de", domains=("freenet.de",)),),
        imap_settings_url="https://kundenservice.freenet.de/faq/e-mail-client-mail/pop3-imap-und-smtp-aktivieren/",
    ),
    Provider(
        id="mailboxorg",
        name="mailbox.org",
        domains=("imap.mailbox.org",),
        mail=(
            MailHost(
                "imap.mailbox.org",
                domains=("mailbox.org",),
                mx=tuple(f"mxext{number}.mailbox.org" for number in (1, 2, 3)),
            ),
        ),
        imap_settings_url="https://kb.mailbox.org/de/privat/e-mail/e-mail-konfiguration/",
    ),
    Provider(
        id="posteo",
        name="Posteo",
        domains=("posteo.de",),
        mail=(MailHost("posteo.de", domains=under("posteo", _POSTEO)),),
        imap_settings_url="https://posteo.de/en/help",
    ),
    # France
    Provider(
        id="orange",
        name="Orange",
        domains=("imap.orange.fr",),
        mail=(MailHost("imap.orange.fr", domains=("orange.fr", "wanadoo.fr")),),
        imap_settings_url="https://assistance.orange.fr/ordinateurs-peripheriques/installer-et-utiliser/l-utilisation-du-mail-et-du-cloud/mail-orange/le-mail-orange-nouvelle-version/parametrer-la-boite-mail/mail-orange-comment-acceder-a-sa-boite-mail-orange-depuis-une-application-ou-un-logiciel-de-messagerie-non-fourni-par-orange_434630-964290",
    ),
    Provider(
        id="free",
        name="Free",
        domains=("imap.free.fr",),
        mail=(MailHost("imap.free.fr", domains=("free.fr",), login=Login.LOCAL_PART),),
        imap_settings_url="https://assistance.free.fr/articles/configurer-de-maniere-avancee-mon-logiciel-de-messagerie-609",
    ),
    Provider(
        id="sfr",
        name="SFR",
        domains=("imap.sfr.fr",),
        mail=(MailHost("imap.sfr.fr", domains=("sfr.fr", "neuf.fr")),),
    ),
    Provider(
        id="laposte",
        name="laposte.net",
        domains=("imap.laposte.net",),
        mail=(MailHost("imap.laposte.net", domains=("laposte.net",)),),
    ),
    # Italy
    Provider(
        id="libero",
        name="Libero Mail",
        domains=("imapmail.libero.it",),
        mail=(
            MailHost(
                "imapmail.libero.it", domains=("libero.it", "inwind.it", "iol.it", "blu.it", "giallo.it")
            ),
        ),
        imap_settings_url="https://aiuto.libero.it/articolo/mail/parametri-di-configurazione-per-il-client-di-posta/",
    ),
    Provider(
        id="tiscali",
        name="Tiscali Mail",
        domains=("imap.tiscali.it",),
        mail=(MailHost("imap.tiscali.it", domains=("tiscali.it",)),),
        imap_settings_url="https://assistenza.tiscali.it/servizi/guida/posta-elettronica/",
    ),
    # The Netherlands, Belgium, Britain
    Provider(
        id="kpn",
        name="KPN",
        domains=("imap.kpnmail.nl",),
        mail=(
            MailHost(
                "imap.kpnmail.nl",
                domains=("kpnmail.nl", "planet.nl", "hetnet.nl", "xs4all.nl", "telfort.nl"),
            ),
        ),
        imap_settings_url="https://www.kpn.com/service/internet/e-mail/instellen-laptop-pc.htm",
    ),
    Provider(
        id="ziggo",
        name="Ziggo",
        domains=("imap.ziggo.nl",),
        mail=(MailHost("imap.ziggo.nl", domains=("ziggo.nl",)),),
    ),
    Provider(
        id="proximus",
        name="Proximus",
        domains=("imap.proximus.be",),
        mail=(MailHost("imap.proximus.be", domains=("proximus.be", "skynet.be", "belgacom.net")),),
    ),
    Provider(
        id="bt",
        name="BT",
        domains=("mail.btinternet.com",),
        mail=(MailHost("mail.btinternet.com", domains=("btinternet.com",)),),
    ),
    Provider(
        id="virginmedia",
        name="Virgin Media",
        domains=("imap.virginmedia.com",),
        mail=(MailHost("imap.virginmedia.com", domains=("virginmedia.com",)),),
    ),
    # The Czech Republic, Poland
    Provider(
        id="seznam",
        name="Seznam",
        domains=("imap.seznam.cz",),
        mail=(MailHost("imap.seznam.cz", domains=("seznam.cz", "email.cz", "post.cz", "spoluzaci.cz")),),
        imap_settings_url="https://o-seznam.cz/napoveda/email/",
    ),
    Provider(
        id="wp",
        name="WP Poczta",
        domains=("imap.wp.pl",),
        mail=(MailHost("imap.wp.pl", domains=("wp.pl",)),),
    ),
    Provider(
        id="o2pl",
        name="o2 Poczta",
        domains=("poczta.o2.pl",),
        mail=(MailHost("poczta.o2.pl", domains=("o2.pl", "go2.pl", "tlen.pl"), login=Login.LOCAL_PART),),
        imap_settings_url="https://pomoc.o2.pl/aktywacja-dostepu-dla-programow-pocztowych",
    ),
    Provider(
        id="onet",
        name="Onet Poczta",
        domains=("imap.poczta.onet.pl",),
        mail=(
            MailHost(
                "imap.poczta.onet.pl", domains=("onet.pl", "op.pl", "vp.pl", "poczta.onet.pl", "onet.eu")
            ),
        ),
    ),
    # Russia, Ukraine
    Provider(
        id="yandex",
        name="Yandex Mail",
        domains=("imap.yandex.com", "imap.yandex.ru", "imap.yandex.net", "imap.ya.ru", "imap.yandex.com.tr"),
        mail=(
            MailHost("imap.yandex.ru", domains=(*under("yandex", "ru by kz ua"), "ya.ru", "narod.ru")),
            MailHost(
                "imap.yandex.com",
                domains=("yandex.com", "yandex.com.tr"),
                mx=("mx.yandex.net", "mx.yandex.ru"),
            ),
        ),
        app_password_url="https://id.yandex.com/security/app-passwords",
        imap_settings_url="https://yandex.com/support/mail/mail-clients/others.html",
        needs_app_password=True,
    ),
    Provider(
        id="mailru",
        name="Mail.ru",
        domains=("imap.mail.ru",),
        mail=(
            MailHost(
                "imap.mail.ru",
                domains=("mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"),
                mx=("emx.mail.ru",),
            ),
        ),
        app_password_url="https://account.mail.ru/user/2-step-auth/passwords",
        imap_settings_url="https://help.mail.ru/mail/mailer/popsmtp",
        needs_app_password=True,
    ),
    Provider(
        id="rambler",
        name="Rambler Mail",
        domains=("imap.rambler.ru",),
        mail=(MailHost("imap.rambler.ru", domains=("rambler.ru",)),),
        imap_settings_url="https://help.rambler.ru/mail/mail-pochtovye-klienty/1275/",
    ),
    Provider(
        id="ukrnet",
        name="UKR.NET",
        domains=("imap.ukr.net",),
        mail=(MailHost("imap.ukr.net", domains=("ukr.net",)),),
    ),
)
