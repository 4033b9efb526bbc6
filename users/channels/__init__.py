"""How a message leaves the house: by SMTP, and by whatever service Apprise speaks to."""
