"""mailbox-svc: keeps a user's IMAP mailboxes, tests them, and harvests contacts from them."""

__version__ = "0.1.0"
