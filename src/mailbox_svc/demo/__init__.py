"""A local IMAP server with a sample mailbox, and the story that `mailbox-svc demo` tells with it."""
