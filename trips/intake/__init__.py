"""Trips from a booker's file: a CSV manifest, checked row by row, imported whole or not at all."""
