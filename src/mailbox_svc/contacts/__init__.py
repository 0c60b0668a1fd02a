"""Contacts: judged from what harvests have counted, listed, grouped, exported."""
