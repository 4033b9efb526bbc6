"""The dispatcher's intake pages under `/dispatch/`: trips, standing orders, files, places."""
