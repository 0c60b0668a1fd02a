"""Says what stands behind an address, and by which evidence. Mail the user sent outweighs every pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailbox_svc.contacts.lexicon import load
from mailbox_svc.contacts.names import SeenName
from mailbox_svc.contacts.search import fold
from mailbox_svc.contacts.spelling import Sign, Spelling, spelling
from mailbox_svc.contacts.texts import messages, times
from mailbox_svc.model.contact import Kind, Reason, ReasonCode
from mailbox_svc.model.tally import Tally

_ROBOT_NAMES = load("robot_names")
_BRAND_WORDS = load("brand_name_words")
_NOT_WORDS = re.compile(r"[\W_]+")


def classify(tally: Tally, address: str, names: Sequence[SeenName]) -> tuple[Kind, Reason]:
    """Return the kind and the evidence that decided; `address` is the main one."""
    spelt = spelling(address)
    found = _by_what_mail_says_of_lists(tally, names, spelt)
    if tally.wrote_to:
        return _kind_written_to(found, spelt), _wrote_to(tally)
    if found:
        return found
    reason = _robot(tally, spelt, names)
    if reason:
        return Kind.AUTOMATED, reason
    if spelt.sign is Sign.ROLE:
        return Kind.ROLE, Reason(ReasonCode.ROLE_ADDRESS, "its address is one of a function")
    return Kind.PERSON, _met(tally)


def _kind_written_to(found: tuple[Kind, Reason] | None, spelt: Spelling) -> Kind:
    """Return the kind of an address the user writes to: only facts count, no guesses.

    A list stays one, for mail to it goes to many; so does an address made for one message, which nobody
    would keep.
    """
    if found and found[0] is Kind.LIST:
        return Kind.LIST
    if spelt.sign is Sign.MACHINE:
        return Kind.AUTOMATED
    return Kind.ROLE if spelt.sign is Sign.ROLE else Kind.PERSON


def _by_what_mail_says_of_lists(
    tally: Tally, names: Sequence[SeenName], spelt: Spelling
) -> tuple[Kind, Reason] | None:
    """Tell lists and those who put their address in place of their writers'."""
    itself = tally.wrote_to_user - tally.through_list
    if tally.list_address > itself:
        return Kind.LIST, Reason(
            ReasonCode.LIST_ADDRESS, f"mailing list: {messages(tally.list_address)} came through it"
        )
    if spelt.sign is Sign.LIST:
        return Kind.LIST, Reason(ReasonCode.LIST_ADDRESS, "its domain is one of mailing lists")
    via = sum(name.by_self for name in names if name.via)
    if via and 2 * via >= tally.wrote_to_user:
        kind = Kind.LIST if 2 * tally.through_list >= tally.wrote_to_user else Kind.AUTOMATED
        return kind, Reason(ReasonCode.VIA_LIST, "it writes in the name of others")
    return None


def _robot(tally: Tally, spelt: Spelling, names: Sequence[SeenName]) -> Reason | None:
    """Return what shows that a program writes, to the user who never wrote to it."""
    mail = tally.wrote_to_user
    if 2 * tally.generated > mail:
        return Reason(ReasonCode.AUTO_SUBMITTED, "a program made its mail, as it says itself")
    if spelt.sign in {Sign.ROBOT, Sign.MACHINE}:
        return Reason(ReasonCode.ROBOT_ADDRESS, "its address is one of a program")
    own = [name for name in names if name.by_self] or list(names)
    if any(_is_robot_name(name.name) for name in own):
        return Reason(ReasonCode.ROBOT_NAME, "its name is one of a program")
    bulk = tally.bulk - min(tally.bulk, tally.through_list)
    if mail and 2 * bulk >= mail:
        return Reason(ReasonCode.BULK, f"mass mail: {messages(tally.bulk)}, and you never wrote to it")
    return None


def _is_robot_name(name: str) -> bool:
    words = f" {_NOT_WORDS.sub(' ', fold(name)).strip()} "
    return any(f" {_NOT_WORDS.sub(' ', known)} " in words for known in _ROBOT_NAMES)


def _wrote_to(tally: Tally) -> Reason:
    return Reason(ReasonCode.WROTE_TO, f"you wrote to them {times(tally.wrote_to)}")


def _met(tally: Tally) -> Reason:
    if tally.wrote_to_user:
        return Reason(ReasonCode.WROTE_TO_USER, f"they wrote to you {times(tally.wrote_to_user)}")
    seen = tally.together + tally.reply_to + tally.sender
    return Reason(ReasonCode.SEEN_TOGETHER, f"seen with others in {messages(seen)}")
