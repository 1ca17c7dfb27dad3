"""Run by a kernel before the first cell: write down which files are read and which folders are listed.

The build looks at them again to see whether the notebook must be executed again. Audit hooks see what Python
opens, modules too; a reader written in another language must be given the bytes, not the path.
"""

import os
import sys


def record(log):
    """Append the path of everything that is read from now on to the file ``log``, each once."""
    out, seen = open(log, "w", encoding="utf-8", buffering=1), set()  # noqa: SIM115 (open while the kernel lives)
    finder = "<frozen importlib._bootstrap_external>"  # lists folders to find modules; it opens what it finds

    def hook(event, args):
        if event == "open":
            used = not args[2] & (os.O_WRONLY | os.O_RDWR)
        else:
            used = event in ("os.listdir", "os.scandir") and sys._getframe(1).f_code.co_filename != finder
        if used and isinstance(args[0], str) and args[0] not in seen:
            seen.add(args[0])
            out.write(os.path.abspath(args[0]) + "\n")

    sys.addaudithook(hook)


if log := os.environ.get("BOBANALYSIS_READS"):
    record(log)
