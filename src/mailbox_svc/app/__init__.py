"""The composition root: builds every part from the settings, starts and stops them."""

from mailbox_svc.app.gateway import run_gateway
from mailbox_svc.app.parts import keyring_file, migrate_database, now, store_from, vault_from
from mailbox_svc.app.service import check, run_service, running_service

__all__ = [
    "check",
    "keyring_file",
    "migrate_database",
    "now",
    "run_gateway",
    "run_service",
    "running_service",
    "store_from",
    "vault_from",
]
