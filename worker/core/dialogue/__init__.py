"""What both sides say about a record, and what follows from it: standings, promises kept, the reading that is shown."""
