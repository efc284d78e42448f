"""How much memory a piece of work takes, in a process of its own."""

import subprocess
import sys


def peak_kib(code: str, *arguments: str) -> int:
    """The most memory that a new Python process held, KiB, having run `code` with these `sys.argv[1:]`."""
    whole = f"import sys, resource\n{code}\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    run = subprocess.run([sys.executable, "-c", whole, *arguments], capture_output=True, text=True, check=True)
    return int(run.stdout.split()[-1])
