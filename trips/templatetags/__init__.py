"""Filters of the server-rendered pages."""
