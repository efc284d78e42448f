"""The `shuoshu` command: parses arguments, calls a flow or a room, shows what happens. Heavy imports wait."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pipeline import __version__
from pipeline.cli.arguments import parser
from pipeline.errors import ShuoshuError

BAD_INPUT, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 2 something the user can mend, 130 stopped by Ctrl-C."""
    options = parser(__version__).parse_args(arguments)
    try:
        return _call(options)
    except ShuoshuError as error:
        from pipeline.cli.show import show_error

        show_error(error)
        return BAD_INPUT
    except KeyboardInterrupt:
        from pipeline.cli.show import hushed, say

        if not hushed():
            sys.stderr.write(
                say(
                    "\nstopped; finished lines are kept, the same command goes on from there\n",
                    "\n已停止；做完的行都保留，再运行同一命令会接着做\n",
                )
            )
        return INTERRUPTED
    except BrokenPipeError:  # `shuoshu lines … | head`
        sys.stderr.close()
        return 0


def _call(options: argparse.Namespace) -> int:
    from importlib import import_module

    module, function = options.call.split(":")
    return int(getattr(import_module(f"pipeline.cli.{module}"), function)(options) or 0)


if __name__ == "__main__":
    sys.exit(main())
