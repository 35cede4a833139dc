"""What lasts: where each call stands and what its stages gave (a database), and the bytes of its sound (a store)."""
