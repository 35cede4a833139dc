"""Requests as they are kept: ``store.requests``."""

from worker.record.requests.requests import Requests

__all__ = ["Requests"]
