"""The dispatcher's pages about the fleet, its people, and what went wrong."""
