"""What is looked for in records, and what in them can be found."""
