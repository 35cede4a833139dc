"""Processes of an installation: a worker, everything on one machine, how they begin, follow each other and end."""
