"""Encrypts secrets at rest: the only package that imports cryptography."""

from mailbox_svc.vault.envelope import Vault
from mailbox_svc.vault.keyring import Keyring, add_key, change_keyring, key_id_of

__all__ = ["Keyring", "Vault", "add_key", "change_keyring", "key_id_of"]
