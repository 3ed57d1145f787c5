"""A table of the user's as numbers: files and data frames read, or refused with a reason."""

from normwise.data.errors import InputError
from normwise.data.tables.memory import available_memory
from normwise.data.tables.read import as_table, read_table
from normwise.data.tables.table import Table

__all__ = ["InputError", "Table", "as_table", "available_memory", "read_table"]
