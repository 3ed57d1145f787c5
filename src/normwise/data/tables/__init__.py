"""A table of the user's as numbers: formats, columns, the response, what cannot be used."""
