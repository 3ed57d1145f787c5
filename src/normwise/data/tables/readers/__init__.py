"""Readers of the extra `formats`, a module for each family, imported when such a file comes."""
