"""How long calls are kept, what keeps them from being erased, and what is said of one that was."""
