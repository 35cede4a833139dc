"""Hosts of a network on this machine: namespaces on one bridge, each with a link that can be cut. Needs root."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from shutil import which

from worker.core.errors import Unavailable

NETWORK = "10.213.77"
HERE = f"{NETWORK}.1"
"""The address of this machine on that network."""


@dataclass(frozen=True)
class Host:
    """One host: the name of its namespace, and of this machine's end of its link."""

    name: str
    namespace: str
    link: str

    def command(self, words: Sequence[str]) -> list[str]:
        """What runs these words on that host, under its own name."""
        named = ["unshare", "--uts", "sh", "-c", f'hostname {self.name} && exec "$@"', "sh", *words]
        return [which("ip") or "ip", "netns", "exec", self.namespace, *named]

    def cut(self) -> None:
        """Takes its cable out."""
        _run("ip", "link", "set", self.link, "down")

    def mend(self) -> None:
        """Puts it in again."""
        _run("ip", "link", "set", self.link, "up")


@contextmanager
def hosts(*names: str) -> Iterator[list[Host]]:
    """So many hosts that reach this machine at ``HERE`` and each other, until the block ends.

    Raises Unavailable, saying why, where there can be none.
    """
    if os.geteuid() != 0 or which("ip") is None or which("unshare") is None:
        raise Unavailable("Network namespaces need root, and the commands ip (iproute2) and unshare (util-linux).")
    tag = secrets.token_hex(2)
    bridge = f"onr{tag}"
    with ExitStack() as stack:
        _run("ip", "link", "add", bridge, "type", "bridge")
        stack.callback(_run, "ip", "link", "delete", bridge)
        _run("ip", "address", "add", f"{HERE}/24", "dev", bridge)
        _run("ip", "link", "set", bridge, "up")
        made = []
        for number, name in enumerate(names, start=2):
            namespace, here, there = f"onr{tag}-{name}", f"onr{tag}h{number}", f"onr{tag}g{number}"
            _run("ip", "netns", "add", namespace)
            stack.callback(_run, "ip", "netns", "delete", namespace)
            _run("ip", "link", "add", here, "type", "veth", "peer", "name", there)
            _run("ip", "link", "set", there, "netns", namespace)
            _run("ip", "link", "set", here, "master", bridge)
            _run("ip", "link", "set", here, "up")
            inside = ("ip", "-n", namespace)
            _run(*inside, "address", "add", f"{NETWORK}.{number}/24", "dev", there)
            _run(*inside, "link", "set", there, "up")
            _run(*inside, "link", "set", "lo", "up")
            made.append(Host(name, namespace, here))
        yield made


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"No network namespaces can be had here: {' '.join(words[:3])}: {done.stderr.strip()}")
