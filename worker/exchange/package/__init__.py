"""The copy of one call's record that somebody keeps: a zip that proves itself with nothing but the log's public key.

``values`` says what goes in, ``write`` makes it, ``check`` checks one; ``form`` is what the two agree on, ``archive``
opens zips of strangers.
"""

from worker.exchange.package.check import PackageReport, verify_package
from worker.exchange.package.values import Attached, CopiedEntry, Copy, Earlier
from worker.exchange.package.write import package_blocks, write_package

__all__ = [
    "Attached",
    "CopiedEntry",
    "Copy",
    "Earlier",
    "PackageReport",
    "package_blocks",
    "verify_package",
    "write_package",
]
