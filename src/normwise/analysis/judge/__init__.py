"""All blocks together: intervals, verdicts, checks."""
