"""Client of mailbox-svc."""
