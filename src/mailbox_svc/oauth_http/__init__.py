"""Speaks to OAuth2 providers over HTTPS; the only importer of Authlib."""
