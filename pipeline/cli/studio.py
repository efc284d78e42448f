"""`shuoshu studio`: the page in the browser."""

from __future__ import annotations

import argparse
import getpass
import sys

from pipeline.cli import show
from pipeline.errors import StudioError
from pipeline.studio import users
from pipeline.wording import Wording


def studio(options: argparse.Namespace) -> int:
    """Serve the page, or write a user into the file of those who may come in."""
    if options.add_user:
        return _add_user(options)
    from pipeline.studio.serve import LOOPBACK, serve

    where = options.workspace.resolve()
    address = (
        f"http://{'localhost' if options.host in LOOPBACK else options.host}:{options.port}/{options.path.strip('/')}"
    )

    def ready() -> None:
        if options.host not in LOOPBACK:
            show.remark(
                Wording(
                    f"Whoever reaches {options.host}:{options.port} sees a login; what users may touch is {where}.",
                    f"能访问 {options.host}:{options.port} 的人都会看到登录；登录后可以操作 {where}。",
                )
            )
        show.remark(Wording(f"The studio is at {address} (Ctrl-C ends it).", f"工作室在 {address}（按 Ctrl-C 结束）。"))

    serve(
        options.workspace,
        options.host,
        options.port,
        users=options.users,
        names=options.allow_host,
        path=options.path,
        ready=ready,
    )
    return 0


def _add_user(options: argparse.Namespace) -> int:
    if options.users is None:
        raise StudioError(
            Wording("--add-user needs --users FILE", "--add-user 要和 --users 文件 一起用"),
            fix=Wording("Name the file.", "请指定文件。"),
        )
    asked = show.say(f"Password for {options.add_user}: ", f"{options.add_user} 的密码：")
    password = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    users.add(options.users, options.add_user, password)
    show.remark(Wording(f"{options.add_user} may come in.", f"{options.add_user} 可以登录了。"))
    return 0
