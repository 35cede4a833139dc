"""Ways in: one file for each way in which a recording reaches On Record."""
