"""Ways out: one file for each form in which a record leaves On Record."""
