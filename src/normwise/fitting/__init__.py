"""A penalised problem: solved, tuned, proven."""
