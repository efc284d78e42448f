"""Run a flow from its own module: ``python -m flows.produce …``. The options are the flow's parameters."""

from __future__ import annotations

import argparse
import inspect
import sys
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows import server
from pipeline.errors import ShuoshuError


def run_as_command(flow: Any) -> None:
    """Parse the command line by the flow's signature, make sure of a server, run it, exit 2 on a user's mistake."""
    parameters = vars(_parser(flow).parse_args())
    try:
        with server.available(_say):
            flow(**parameters)
    except ShuoshuError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def _say(note: str) -> None:
    sys.stderr.write(f"{note} …\n")


def _parser(flow: Any) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=inspect.getdoc(flow.fn), formatter_class=argparse.RawTextHelpFormatter)
    kinds = typing.get_type_hints(flow.fn)
    for name, parameter in inspect.signature(flow.fn).parameters.items():
        kind, required = _plain(kinds[name]), parameter.default is inspect.Parameter.empty
        option = name if required else f"--{name.replace('_', '-')}"
        if kind is bool:
            parser.add_argument(option, action="store_true")
        elif required and typing.get_origin(kind) is list:
            parser.add_argument(option, nargs="+")
        elif required:
            parser.add_argument(option, type=kind)
        else:
            parser.add_argument(option, type=kind, default=parameter.default)
    return parser


def _plain(kind: Any) -> Callable[[str], Any] | Any:
    """The one type behind ``X | None``; text for anything that is not a number, a path or a switch."""
    if isinstance(kind, types.UnionType):
        kind = next(one for one in kind.__args__ if one is not type(None))
    return kind if kind in (int, float, bool, Path) or typing.get_origin(kind) is list else str
