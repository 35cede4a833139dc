"""The pages: the record as both of its parties see it."""
