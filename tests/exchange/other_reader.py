"""The reader of vCons that others wrote: the package ``vcon`` of PyPI (MIT)."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # It is built on a part of Authlib that is to go, and Authlib says so however the filters stood before.
    import authlib.deprecate  # noqa: F401

    warnings.simplefilter("ignore")
    from vcon import Vcon

__all__ = ["Vcon"]
