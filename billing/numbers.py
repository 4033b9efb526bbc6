"""Numbers without gaps: a locked counter per series and year."""

from billing.models.invoices import YearCounter


def next_number(series: type[YearCounter], year: int, prefix: str = "") -> str:
    """The year's next number; its counter stays locked until the transaction ends."""
    series._default_manager.get_or_create(year=year)
    counter = series._default_manager.select_for_update().get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{prefix}{year}-{counter.last:06d}"
