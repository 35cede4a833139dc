"""On Record's worker: takes a recorded call in and publishes one record that both of its parties can read.

Importing this package loads no model and opens no connection.
"""
