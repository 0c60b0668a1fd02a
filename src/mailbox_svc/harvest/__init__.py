"""Harvesting: reads the headers of a mailbox and counts who is in them."""
