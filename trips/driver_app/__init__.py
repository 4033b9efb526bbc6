"""The driver's phone: `/driver/`, an installable page that works without coverage."""
