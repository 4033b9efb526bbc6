"""Measurements of the live engine beside the recipe of every tutorial: `make bench`."""
