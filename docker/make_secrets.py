#!/usr/bin/env python3
"""Makes what compose.yaml asks for and nobody else may know: ``secrets/`` and ``.env`` beside this file.

Run it once. What is there already is kept: a log that was begun under one key is not read with another. Keep a copy of
``secrets/`` somewhere else: without the master key nothing that was recorded opens again. The standard library alone,
because it runs on the host and not in an image.
"""

from __future__ import annotations

import argparse
import secrets
from base64 import b64encode
from pathlib import Path

KEY_BYTES = 32


def main() -> None:
    """Writes what is missing and says so, without its content."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="Where they are written.")
    given = parser.parse_args()
    folder = given.folder / "secrets"
    # Closed to others as a folder. The files themselves are open, because they are mounted into containers one by one
    # and read there by a user whose number this machine does not know.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    password = _kept(folder / "postgres_password", secrets.token_urlsafe(32))
    _kept(folder / "onrecord_database_url", f"postgresql+psycopg://onrecord:{password}@postgres/onrecord")
    _kept(folder / "onrecord_master_key", _key())
    _kept(folder / "onrecord_signing_key", _key())
    _kept(folder / "onrecord_link_secret", secrets.token_urlsafe(48))
    env = given.folder / ".env"
    if not env.exists():
        env.touch(mode=0o600)
        env.write_text(f"S3_KEY={secrets.token_hex(10)}\nS3_SECRET={secrets.token_hex(20)}\n")
        print(f"made {env}")


def _kept(path: Path, content: str) -> str:
    if not path.exists():
        path.write_text(content)
        path.chmod(0o444)
        print(f"made {path}")
    return path.read_text()


def _key() -> str:
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


if __name__ == "__main__":
    main()
