"""What the ``decode`` stage is made of: what a file is, its readers, and the tracks it is written to."""
