"""A whole working day at high speed, on the real database, and what must hold after it.

Everybody acts through the HTTP API in this process: facilities and patients book, two dispatchers
assign, drivers tap, some of them from places without coverage. The clock is simulated
(`clock.Clock`), and so is the broker: it loses, repeats and shuffles messages (`broker.Broker`).
`checks.py` says what must hold in the end.
"""
