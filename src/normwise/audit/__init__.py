"""A published comparison of penalties put to the test: against theory, and run again."""
