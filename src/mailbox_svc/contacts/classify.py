"""Says what stands behind an address, and by which evidence. Mail the user sent outweighs every pattern."""

from __future__ import annotations

from collections.abc import Sequence

from mailbox_svc.contacts.bearing import explains, is_in_domain, is_person_name, is_robot_name, name_signs
from mailbox_svc.contacts.names import SeenName
from mailbox_svc.contacts.spelling import Sign, Spelling, spelling
from mailbox_svc.contacts.texts import messages, times
from mailbox_svc.model.contact import Kind, Reason, ReasonCode
from mailbox_svc.model.tally import Tally

Verdict = tuple[Kind, Reason]

_PROGRAM = Reason(ReasonCode.ROBOT_ADDRESS, "its address is one of a program")
_PROGRAM_NAME = Reason(ReasonCode.ROBOT_NAME, "its name is one of a program")
_COMPANY_NAME = Reason(ReasonCode.ROBOT_NAME, "it goes by the name of a company or publication")
_SAYS_SO = Reason(ReasonCode.AUTO_SUBMITTED, "its mail says that a program made it")
_PROXY = Reason(ReasonCode.VIA_LIST, "it writes in the name of others")
_LIST_DOMAIN = Reason(ReasonCode.LIST_ADDRESS, "its domain is one of mailing lists")
_FUNCTION = Reason(ReasonCode.ROLE_ADDRESS, "its address is one of a function")
#: Small signs that are evidence together.
_ENOUGH = 2


def classify(tally: Tally, address: str, names: Sequence[SeenName]) -> Verdict:
    """Return the kind and the evidence that decided; `address` is the main one."""
    spelt = spelling(address)
    listed = _list_or_proxy(tally, names, spelt)
    if tally.wrote_to:
        return _kind_written_to(listed, spelt), _wrote_to(tally)
    own = [name for name in names if name.by_self] or names
    return (
        listed or _robot(tally, spelt, own) or _likely_robot(tally, spelt, own) or _human(tally, spelt, own)
    )


def _kind_written_to(listed: Verdict | None, spelt: Spelling) -> Kind:
    """Return the kind of an address the user writes to: only facts count, no guesses.

    A list stays one, for mail to it goes to many; so does an address made for one message, which nobody
    would keep.
    """
    if (listed and listed[0] is Kind.LIST) or spelt.sign is Sign.MAYBE_LIST:
        return Kind.LIST
    if spelt.sign is Sign.MACHINE:
        return Kind.AUTOMATED
    return Kind.ROLE if spelt.sign is Sign.ROLE else Kind.PERSON


def _list_or_proxy(tally: Tally, names: Sequence[SeenName], spelt: Spelling) -> Verdict | None:
    """Tell lists, and those who put their address in the place of their writers'."""
    # One stray or forged List-Post does not make a list of somebody who writes mail.
    itself = tally.wrote_to_user - tally.through_list
    if tally.list_address > itself:
        text = f"mailing list: {messages(tally.list_address)} came through it"
        return Kind.LIST, Reason(ReasonCode.LIST_ADDRESS, text)
    if spelt.sign is Sign.LIST:
        return Kind.LIST, _LIST_DOMAIN
    via = sum(name.by_self for name in names if name.via)
    if via and 2 * via >= tally.wrote_to_user:
        return Kind.LIST if 2 * tally.through_list >= tally.wrote_to_user else Kind.AUTOMATED, _PROXY
    return None


def _robot(tally: Tally, spelt: Spelling, names: Sequence[SeenName]) -> Verdict | None:
    """Return what shows that a program writes, to a user who never wrote to it."""
    mail = tally.wrote_to_user
    if 2 * tally.generated > mail:
        return Kind.AUTOMATED, _SAYS_SO
    explained = spelt.sign is Sign.ROBOT and any(explains(name.text, spelt) for name in names)
    if spelt.sign in {Sign.ROBOT, Sign.MACHINE} and not explained:
        return Kind.AUTOMATED, _PROGRAM
    if any(is_robot_name(name.text) for name in names):
        return Kind.AUTOMATED, _PROGRAM_NAME
    if mail and 2 * _mass_mail(tally, spelt, names) >= mail:
        text = f"mass mail: {messages(tally.bulk)}, and you never wrote to it"
        return Kind.AUTOMATED, Reason(ReasonCode.BULK, text)
    return None


def _mass_mail(tally: Tally, spelt: Spelling, names: Sequence[SeenName]) -> int:
    """Return how many messages are newsletters.

    List-Id and List-Unsubscribe without List-Post are those of newsletters and of some lists; undisclosed
    recipients have newsletters and circulars. A newsletter names its reader in To; where none did, and a
    person's name stands in From, it was the other.
    """
    if tally.received or not any(is_person_name(name.text, spelt) for name in names):
        return tally.bulk
    return max(0, tally.bulk - tally.through_list)


def _likely_robot(tally: Tally, spelt: Spelling, names: Sequence[SeenName]) -> Verdict | None:
    """Return what makes a program, a list or mass mail likely, if no person's name speaks against it."""
    if any(is_person_name(name.text, spelt) for name in names):
        return None
    # Programs seldom join a discussion.
    discusses = tally.through_list > tally.bulk
    match spelt.sign:
        case Sign.MAYBE_LIST:
            return Kind.LIST, _LIST_DOMAIN
        case Sign.MAYBE_SERVICE:
            return Kind.AUTOMATED, _PROGRAM
        case Sign.TECHNICAL:
            return None if discusses else (Kind.AUTOMATED, _PROGRAM)
        case Sign.ROLE:
            return (Kind.AUTOMATED, _PROGRAM) if spelt.host.is_robot else None
        case _:
            enough = _ENOUGH + discusses
            return (Kind.AUTOMATED, _COMPANY_NAME) if _signs(tally, spelt, names) >= enough else None


def _signs(tally: Tally, spelt: Spelling, names: Sequence[SeenName]) -> int:
    """Return how many small signs of mass mail there are."""
    in_name = max((name_signs(name.text) + is_in_domain(name.text, spelt) for name in names), default=0)
    return in_name + spelt.hint + spelt.host.is_robot + spelt.of_domain + bool(tally.bulk)


def _human(tally: Tally, spelt: Spelling, names: Sequence[SeenName]) -> Verdict:
    if spelt.sign is Sign.ROLE and not any(explains(name.text, spelt) for name in names):
        return Kind.ROLE, _FUNCTION
    return Kind.PERSON, _met(tally)


def _wrote_to(tally: Tally) -> Reason:
    return Reason(ReasonCode.WROTE_TO, f"you wrote to them {times(tally.wrote_to)}")


def _met(tally: Tally) -> Reason:
    if tally.wrote_to_user:
        return Reason(ReasonCode.WROTE_TO_USER, f"they wrote to you {times(tally.wrote_to_user)}")
    seen = tally.together + tally.reply_to + tally.sender
    return Reason(ReasonCode.SEEN_TOGETHER, f"seen with others in {messages(seen)}")
