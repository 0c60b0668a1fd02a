"""Connecting mailboxes by OAuth2: authorizations, access tokens, and giving permissions back."""
