"""The identity of an e-mail address: which spellings are one address, and which reach one account.

Strings only. It never changes what is stored or shown: that stays as it was written.
"""

from __future__ import annotations

import unicodedata

import idna

#: Consumer Google domains: dots in the local part mean nothing, and both names are one account
#: (support.google.com/mail/answer/7436150). On Workspace domains dots do count.
_GMAIL = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def canonical(address: str) -> str:
    """Return the form that is equal for all spellings of one address. Never raises.

    Lower case throughout: RFC 5321 §2.4 lets servers tell cases apart in the local part, none in use does.
    The domain becomes A-labels (RFC 5891, mapped by UTS 46); one that IDNA does not allow stays as it is.
    """
    if address.isascii():
        return address.lower().rstrip(".")
    local, at, domain = address.rpartition("@")
    return _lower(local) + at + _a_labels(_lower(domain))


def match_key(canonical: str) -> str:
    """Return a key that is equal for addresses that reach the same account, as far as that is known.

    What follows the first "+" is a tag on most servers (RFC 5233), dots are nothing to Gmail. Elsewhere
    either may tell two people apart, so the key may suggest that two are one and must never replace either.
    """
    local, at, domain = canonical.rpartition("@")
    gmail = _GMAIL.get(domain)
    if (gmail is None and "+" not in local) or local.startswith('"'):
        return canonical
    local = local.partition("+")[0] or local
    if gmail is not None:
        domain = gmail
        local = local.replace(".", "") or local
    return local + at + domain


def display_address(address: str) -> str:
    """Return the address with its domain as people of that language write it. Never raises."""
    local, at, domain = address.rpartition("@")
    if "xn--" not in domain.lower():
        return address
    try:
        return local + at + idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return address


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _a_labels(domain: str) -> str:
    try:
        mapped = idna.uts46_remap(domain, std3_rules=False, transitional=False).rstrip(".")
        return mapped if mapped.isascii() else idna.encode(mapped).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return domain.rstrip(".")
