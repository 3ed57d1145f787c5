"""What the report and the advice page share: numbers, tables, colours, style sheet."""
