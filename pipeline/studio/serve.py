"""The server: the page, its addresses and the gate before them, in one app; on the loopback unless asked otherwise."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import StudioError
from pipeline.wording import Wording

if TYPE_CHECKING:
    from fastapi import FastAPI

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


def mounted(app: FastAPI, path: str, workspace: Path) -> FastAPI:
    """See `pipeline.studio.mount`."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import gradio as gr

        from pipeline.studio.answering import Studio
        from pipeline.studio.api import routes
        from pipeline.studio.page import CSS, I18N, THEME, blocks
    except ImportError as error:
        raise StudioError(
            Wording(
                f"the studio needs packages that are not installed ({error.name})",
                f"工作室需要的包没有安装（{error.name}）",
            ),
            fix=Wording("pip install 'shuoshu[studio]'", "pip install 'shuoshu[studio]'"),
        ) from error
    from pipeline.studio.jobs import Jobs
    from pipeline.studio.workspace import CLIP_BYTES, Workspace

    path = "/" + path.strip("/") if path.strip("/") else ""
    root = workspace.resolve()
    if not root.is_dir():
        raise StudioError(
            Wording("the workspace is no folder", "工作区不是文件夹"),
            where=str(root),
            fix=Wording("Make it first.", "请先建好这个文件夹。"),
        )
    studio = Studio(Workspace(root), Jobs(root))
    os.environ.setdefault("GRADIO_TEMP_DIR", str(studio.workspace.folder("output") / ".uploads"))
    app.include_router(routes(studio), prefix=path)
    mounted_app: FastAPI = gr.mount_gradio_app(
        app,
        blocks(studio),
        path or "/",
        footer_links=[],
        i18n=I18N,
        theme=THEME,
        css=CSS,
        max_file_size=CLIP_BYTES,
        show_error=False,
        allowed_paths=[str(studio.auditions)],
        pwa=False,
        ssr_mode=False,
    )
    return mounted_app


def app(workspace: Path, *, users: Path | None = None, hosts: Sequence[str] = (), path: str = "") -> Any:
    """The whole studio as an ASGI app. `users`: whoever comes in must be in this file; `hosts`: by what names it may be
    called."""
    from fastapi import FastAPI

    from pipeline.studio.gate import Gate
    from pipeline.studio.users import Doorkeeper, load

    door = Doorkeeper(load(users), users) if users else None
    if door is not None and not door.users:
        raise StudioError(
            Wording("the users file has no user", "用户文件里没有用户"),
            where=str(users),
            fix=Wording(
                "`shuoshu studio --add-user NAME --users FILE` adds one.",
                "用 `shuoshu studio --add-user 名字 --users 文件` 添加。",
            ),
        )
    inner = mounted(FastAPI(title="Shuoshu", docs_url=None, redoc_url=None, openapi_url=None), path, workspace)
    return Gate(inner, door, tuple(one.lower() for one in hosts))


def serve(
    workspace: Path,
    host: str,
    port: int,
    *,
    users: Path | None,
    names: Sequence[str],
    path: str,
    ready: Callable[[], None],
) -> None:
    """Serve until interrupted; `ready` is called when nothing stands in the way any more. Raises StudioError for a host beyond
    the loopback without users, and for a port that cannot be had."""
    import uvicorn

    beyond = host not in LOOPBACK
    if beyond and users is None:
        raise StudioError(
            Wording(
                f"{host} can be reached by others, and nobody has to say who they are",
                f"{host} 别人也能访问，却没有设置登录",
            ),
            fix=Wording("Give --users FILE (docs/serving.md).", "请给出 --users 文件（见 docs/serving.md）。"),
        )
    hosts = (*LOOPBACK, *names) if not beyond or names else ()
    served = app(workspace, users=users, hosts=hosts, path=path)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    _must_be_free(host, port)
    ready()
    uvicorn.run(
        served,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=2,
    )


def _must_be_free(host: str, port: int) -> None:
    """Raise StudioError where this port cannot be listened on."""
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(address)
    except OSError as error:
        raise StudioError(
            Wording(
                f"cannot listen on {host}:{port} ({error.strerror})", f"无法监听 {host}:{port}（{error.strerror}）"
            ),
            fix=Wording("Is the studio running already? Give another --port.", "工作室是否已在运行？请换一个 --port。"),
        ) from error
