"""Documents: what stands on a page (pure), and Typst that draws it.

`content` is the page in words, `text` makes any text printable, `qr` the code to scan, `draw` the
PDF. Nothing here knows Django: `billing.pdf` fills pages from the database and keeps what is drawn.
"""
