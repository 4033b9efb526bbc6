"""Start the embedded services, run the processes, stop them all. Not used in production."""
