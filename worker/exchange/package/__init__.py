"""What is handed over to somebody: a zip that opens on any computer and proves itself with the log's public key.

``values`` says what goes in, ``write`` makes it, ``check`` checks one; ``form`` is what the two agree on, ``archive``
opens those of strangers, ``standalone`` is the check that lies in every package and needs nothing but Python.
``typeset`` makes transcript.pdf.
"""

from worker.exchange.package.check import PackageReport, verify_package
from worker.exchange.package.values import Attached, Contents, CopiedCall, CopiedEntry, Earlier
from worker.exchange.package.write import package_blocks, write_package

__all__ = [
    "Attached",
    "Contents",
    "CopiedCall",
    "CopiedEntry",
    "Earlier",
    "PackageReport",
    "package_blocks",
    "verify_package",
    "write_package",
]
