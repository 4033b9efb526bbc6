"""`make prove`: what the system promises, held against faults and abuse (docs/PROOF.md)."""
