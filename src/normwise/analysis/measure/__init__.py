"""One block of a study: fits files in, its rows of the tables out."""
