"""Requests: a person asks for what the law owes them, by when it is owed, and what stands in its way."""
