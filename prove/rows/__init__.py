"""The rows of docs/PROOF.md: `row_NN_name.py` each, with a `ROW` (see prove/row.py)."""
