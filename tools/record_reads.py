"""Run by a kernel before the first cell: write down which files are read and which folders are listed.

The build looks at them again to see whether the notebook must be executed again. Audit hooks see what Python
opens, modules too; a reader written in another language must be given the bytes, not the path.
"""


def record() -> None:
    """Write the path of everything that is read from now on to the file $BOBANALYSIS_READS, each once."""
    import os  # here, since the names of this file are those of the notebook
    import sys

    out = open(os.environ["BOBANALYSIS_READS"], "w", encoding="utf-8", buffering=1)  # noqa: SIM115
    finder = "<frozen importlib._bootstrap_external>"  # lists folders to find modules; it opens what it finds
    seen = set()

    def hook(event: str, args: tuple) -> None:
        if event == "open":
            used = not args[2] & (os.O_WRONLY | os.O_RDWR)
        else:
            used = event in ("os.listdir", "os.scandir") and sys._getframe(1).f_code.co_filename != finder
        if used and isinstance(args[0], str) and args[0] not in seen:
            seen.add(args[0])
            out.write(os.path.abspath(args[0]) + "\n")

    sys.addaudithook(hook)


record()
del record
