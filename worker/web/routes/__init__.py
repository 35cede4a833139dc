"""The routes, one group a module, each a function ``routes(parts)`` that gives a router."""
