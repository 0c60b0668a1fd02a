"""IMAP: from a vetted socket to a logged-in session. The only importer of aioimaplib and dnspython."""
