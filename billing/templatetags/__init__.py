"""Filters and tags of the biller's and the manager's pages."""
