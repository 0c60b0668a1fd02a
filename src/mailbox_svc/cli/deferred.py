"""What few commands use, loaded when one first does: most are clients, and need none of it.

The recipe of importlib's documentation ("Implementing lazy imports"); it spares them a second.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["app", "identity", "importing", "rotation", "vault"]


def _deferred(name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name=name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    from mailbox_svc import app, identity, vault
    from mailbox_svc.mailboxes import importing, rotation
else:
    app = _deferred("mailbox_svc.app")
    identity = _deferred("mailbox_svc.identity")
    vault = _deferred("mailbox_svc.vault")
    importing = _deferred("mailbox_svc.mailboxes.importing")
    rotation = _deferred("mailbox_svc.mailboxes.rotation")
