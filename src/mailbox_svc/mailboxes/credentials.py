"""How the service logs in to a saved mailbox: its credential, out of the vault and ready to be sent."""

from __future__ import annotations

from mailbox_svc.errors import MailboxNotFound, PasswordRequired
from mailbox_svc.model.check import Credential, Password
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.secret import Secret, SecretContext, SecretField
from mailbox_svc.ports import Store, Transaction, Vault


async def mailbox_with_credential(
    store: Store, vault: Vault, user_id: str, mailbox_id: str
) -> tuple[Mailbox, Credential]:
    """Return the mailbox and what it logs in with.

    Raises MailboxNotFound, PasswordRequired when none is stored, or SecretUnreadable.
    """
    async with store.begin(user_id) as tx:
        mailbox = await tx.mailboxes.find(mailbox_id)
        if mailbox is None:
            raise MailboxNotFound
        sealed = await tx.secrets.find(mailbox_id, SecretField.MAILBOX_PASSWORD)
    if sealed is None:
        raise PasswordRequired("No password is stored for this mailbox; save it with one.")
    return mailbox, Password(vault.open(sealed, password_context(mailbox)))


def password_context(mailbox: Mailbox) -> SecretContext:
    """Return what the mailbox's password is bound to."""
    return SecretContext(
        field=SecretField.MAILBOX_PASSWORD,
        user_id=mailbox.user_id,
        mailbox_id=mailbox.id,
        destination=mailbox.destination,
        version=mailbox.secret_version,
    )


async def put_password(tx: Transaction, vault: Vault, mailbox: Mailbox, password: Secret) -> None:
    """Seal the password for this mailbox and store it in the same transaction."""
    sealed = vault.seal(password, password_context(mailbox))
    await tx.secrets.put(mailbox.id, SecretField.MAILBOX_PASSWORD, mailbox.secret_version, sealed)
