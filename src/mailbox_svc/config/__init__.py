"""Settings, read once from the environment, and what is made of them alone.

Used by `app` and `cli` alone: everything else gets values, so tests never touch the environment.
"""

from mailbox_svc.config.files import read_line
from mailbox_svc.config.providers import oauth_providers
from mailbox_svc.config.settings import Settings, load

__all__ = ["Settings", "load", "oauth_providers", "read_line"]
