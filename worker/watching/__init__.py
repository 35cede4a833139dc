"""Watching the work from outside: figures for Prometheus, traces, and whether what it needs can be reached.

Nothing here knows what a call says. What is counted and traced are stages, tries, times and the names of errors.
"""
