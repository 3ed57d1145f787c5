"""Fits made into tables, verdicts and a rule."""
