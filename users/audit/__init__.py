"""Who saw and who changed what: an append-only log, kept so by the database's own privileges."""
