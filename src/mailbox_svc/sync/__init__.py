"""Background sync: schedules, what is due, and one run at a time of each mailbox."""
