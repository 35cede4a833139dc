"""Looking for what was said where it must not be: its forms, and the places in which a form may lie."""
