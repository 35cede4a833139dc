"""Values and rules, in the standard library alone: no queue, no database, no model, no web."""
