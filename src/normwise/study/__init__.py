"""A config made into jobs."""
