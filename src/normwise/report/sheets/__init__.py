"""The tables of the page: which columns of which table, under which names."""
