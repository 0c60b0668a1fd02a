"""Providers in Asia, America and Australia. Data only."""

# ruff: noqa: S106  (names and pages of app passwords, not passwords)

from __future__ import annotations

from mailbox_svc.model.providers.provider import Login, MailHost, Provider

ELSEWHERE: tuple[Provider, ...] = (
    # China
    Provider(
        id="qq",
        name="QQ Mail",
        domains=("imap.qq.com", "imap.exmail.qq.com", "hwimap.exmail.qq.com", "imap.foxmail.com"),
        mail=(
            MailHost("imap.qq.com", domains=("qq.com", "vip.qq.com", "foxmail.com")),
            MailHost("imap.exmail.qq.com", mx=("mxbiz1.qq.com", "mxbiz2.qq.com")),
        ),
        app_password_url="https://service.mail.qq.com/detail/0/75",
        app_password_name="authorization code",
        imap_settings_url="https://service.mail.qq.com/detail/0/75",
        needs_app_password=True,
    ),
    Provider(
        id="netease",
        name="NetEase Mail (163, 126, yeah.net)",
        domains=("imap.163.com", "imap.126.com", "imap.yeah.net", "imap.188.com", "imap.vip.163.com"),
        mail=tuple(
            MailHost(f"imap.{domain}", domains=(domain,))
            for domain in ("163.com", "126.com", "yeah.net", "188.com", "vip.163.com")
        ),
        app_password_url="https://help.mail.163.com/faqDetail.do?code=d7a5dc8471cd0c0e8b4b8f4f8e49998b374173cfe9171305fa1ce630d7f67ac2cda80145a1742516",
        app_password_name="authorization code",
        imap_settings_url="https://help.mail.163.com/faqDetail.do?code=d7a5dc8471cd0c0e8b4b8f4f8e49998b374173cfe9171305fa1ce630d7f67ac2cda80145a1742516",
        needs_app_password=True,
    ),
    # Japan, Korea
    Provider(
        id="yahoojapan",
        name="Yahoo! JAPAN",
        domains=("imap.mail.yahoo.co.jp",),
        mail=(
            MailHost("imap.mail.yahoo.co.jp", domains=("yahoo.co.jp",), login=Login.LOCAL_PART),
            # Addresses of the former broadband business belong to an id of another name.
            MailHost("imap.mail.yahoo.co.jp", domains=("ybb.ne.jp",), login=Login.OTHER),
        ),
    ),
    Provider(
        id="naver",
        name="Naver",
        domains=("imap.naver.com",),
        mail=(MailHost("imap.naver.com", domains=("naver.com",)),),
        imap_settings_url="https://help.naver.com/service/30029/contents/21342?osType=PC&lang=ko",
    ),
    Provider(
        id="daum",
        name="Daum Mail",
        domains=("imap.daum.net",),
        mail=(MailHost("imap.daum.net", domains=("daum.net", "hanmail.net")),),
    ),
    # The United States
    Provider(
        id="comcast",
        name="Xfinity",
        # No mail domain: comcast.net is moving to Yahoo, account by account.
        domains=("imap.comcast.net",),
        imap_settings_url="https://www.xfinity.com/support/articles/third-party-email-access",
    ),
    Provider(
        id="att",
        name="AT&T",
        domains=("imap.mail.att.net",),
        mail=(
            MailHost(
                "imap.mail.att.net",
                domains=(
                    "att.net",
                    "sbcglobal.net",
                    "bellsouth.net",
                    "ameritech.net",
                    "pacbell.net",
                    "swbell.net",
                    "prodigy.net",
                    "currently.com",
                ),
            ),
        ),
        app_password_url="https://www.att.com/support/article/email-support/KM1240308/",
        app_password_name="secure mail key",
        imap_settings_url="https://www.att.com/support/article/email-support/KM1010523/",
        needs_app_password=True,
    ),
    # Brazil
    Provider(
        id="uol",
        name="UOL",
        domains=("imap.uol.com.br", "imap.bol.com.br"),
        mail=(
            MailHost("imap.uol.com.br", domains=("uol.com.br",)),
            MailHost("imap.bol.com.br", domains=("bol.com.br",)),
        ),
    ),
    Provider(
        id="terra",
        name="Terra",
        domains=("imap.terra.com.br",),
        mail=(MailHost("imap.terra.com.br", domains=("terra.com.br",)),),
    ),
    # Australia
    Provider(
        id="telstra",
        name="Telstra Mail",
        domains=("imap.telstra.com",),
        mail=(MailHost("imap.telstra.com", domains=("bigpond.com", "bigpond.net.au", "telstra.com")),),
        imap_settings_url="https://www.telstra.com.au/support/category/email/telstra-mail/recommended-email-settings-for-telstra-mail",
    ),
)
