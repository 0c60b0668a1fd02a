"""Speaks to OAuth2 providers over HTTPS; the only importer of Authlib."""

from mailbox_svc.oauth_http.endpoints import HttpProviderEndpoints, Timeouts

__all__ = ["HttpProviderEndpoints", "Timeouts"]
