"""Published studies run again, one module each."""
