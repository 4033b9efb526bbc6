"""One patient's data over all rooms: what there is, what may be erased, and what must stay."""
