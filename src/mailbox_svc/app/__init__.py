"""The composition root: builds every part from the settings, starts and stops them."""

from mailbox_svc.app.clock import now
from mailbox_svc.app.gateway import run_gateway
from mailbox_svc.app.parts import keyring_file, migrate_database, store_from, vault_from
from mailbox_svc.app.service import Running, check, run_service, running_service
from mailbox_svc.app.work import run_worker

__all__ = [
    "Running",
    "check",
    "keyring_file",
    "migrate_database",
    "now",
    "run_gateway",
    "run_service",
    "run_worker",
    "running_service",
    "store_from",
    "vault_from",
]
