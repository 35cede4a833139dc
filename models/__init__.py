"""Adapters around foreign speech and language models, one library a file, and the catalogue of their weights.

Importing this package loads no model: each adapter imports its library when it is built.
"""
