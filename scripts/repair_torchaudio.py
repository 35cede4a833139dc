"""Makes torchaudio importable beside a CPU build of torch, as a deliberate step of the installation.

The registry's torchaudio for Linux is built against CUDA: its compiled parts ask for ``libc10_cuda.so``, which a CPU
build of torch does not bring, so ``import torchaudio`` fails, and with it pyannote.audio. Torchaudio loads its compiled
parts only if their files are there. With ``torchaudio/lib/*.so`` removed it imports, and everything written in Python
works: ``functional`` (resample, spectrogram), ``transforms``, ``compliance.kaldi`` (fbank, mfcc), ``models``,
``pipelines``, ``datasets``. What is lost fails when it is called: ``functional.forced_align``, ``rnnt_loss``, the CUDA
CTC decoder; and ``lfilter`` becomes slow. On Record uses none of these.

Nothing is touched where torchaudio imports, where it is not installed, where torch is a CUDA build, or where the import
fails for another reason (exit status 1). Running it twice does no more than once. To undo it, install torchaudio again.
A CPU build of torchaudio, where one can be had, is better and makes this step needless.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

CUDA_LIBRARY = re.compile(r"\blib(c10_cuda|torch_cuda|cudart|cublas|cufft)[\w.]*\.so\S*")
TRY_IMPORT = "import torch, torchaudio; from torchaudio.functional import resample; resample(torch.zeros(1, 80), 8, 16)"


def main() -> int:
    """Tries the import in a process of its own, removes what blocks it, tries again. Returns the exit status."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    spec = importlib.util.find_spec("torchaudio")
    if spec is None or spec.origin is None:
        print("torchaudio is not installed: nothing to repair.")
        return 0
    complaint = find_complaint()
    if complaint is None:
        print("torchaudio imports: nothing to repair.")
        return 0
    if CUDA_LIBRARY.search(complaint) is None or not is_cpu_torch():
        print(f"torchaudio does not import, for a reason that is not repaired here:\n{complaint}", file=sys.stderr)
        return 1
    folder = Path(spec.origin).parent / "lib"
    libraries = sorted(folder.glob("*.so"))
    print(f"torchaudio is built for CUDA and torch is not: removing {len(libraries)} compiled files from {folder}")
    for library in libraries:
        library.unlink()
        print(f"  removed {library.name}")
    complaint = find_complaint()
    if complaint is not None:
        print(f"torchaudio still does not import:\n{complaint}", file=sys.stderr)
        return 1
    print("torchaudio imports now, without its compiled parts (to undo: install torchaudio again).")
    return 0


def find_complaint() -> str | None:
    """What Python says when it imports torchaudio; None if the import works."""
    tried = subprocess.run([sys.executable, "-c", TRY_IMPORT], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else tried.stderr


def is_cpu_torch() -> bool:
    """Whether the torch that is installed was built without CUDA."""
    command = [sys.executable, "-c", "import sys, torch; sys.exit(torch.version.cuda is not None)"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
