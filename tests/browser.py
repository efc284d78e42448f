"""A real browser for tests."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
_PATIENCE_S = 60


class Browser:
    """A headless Chromium, spoken to by the DevTools protocol. `said` is what came on its console and its log, `asked` the addresses
    it asked for. `language` as a browser has it (zh-CN); `more` options of its command line."""

    def __init__(self, profile: Path, language: str = "en-US", *more: str) -> None:
        from websockets.sync.client import connect

        assert CHROMIUM
        self._process = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--mute-audio",
             "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--lang={language}", f"--accept-lang={language}",
             "--autoplay-policy=no-user-gesture-required", f"--user-data-dir={profile}", *more, "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        port_file, until = profile / "DevToolsActivePort", time.monotonic() + _PATIENCE_S
        while not (port_file.is_file() and port_file.read_text().count("\n")):
            assert time.monotonic() < until, "the browser does not start"
            time.sleep(0.1)
        port, path = port_file.read_text().split("\n")[:2]
        self._socket = connect(f"ws://127.0.0.1:{port}{path}", max_size=None)
        self._count = 0
        self.said: list[Any] = []
        self.asked: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Page", "Network"):
            self._ask(f"{domain}.enable")

    def _ask(self, method: str, **parameters: object) -> Any:
        self._count += 1
        asked: dict[str, object] = {"id": self._count, "method": method, "params": parameters}
        if hasattr(self, "_session"):
            asked["sessionId"] = self._session
        self._socket.send(json.dumps(asked))
        while True:
            told = json.loads(self._socket.recv(timeout=_PATIENCE_S))
            if told.get("id") == self._count:
                assert "error" not in told, told
                return told["result"]
            if told.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
                self.said.append(told["params"])
            if told.get("method") == "Network.requestWillBeSent":
                self.asked.append(told["params"]["request"]["url"])

    def open(self, path: Path) -> None:
        self._ask("Page.navigate", url=path.as_uri())
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    def visit(self, url: str) -> None:
        """Load a page from a server."""
        self._ask("Page.navigate", url="about:blank")
        self._ask("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.protocol.startsWith('http')")

    def choose_file(self, selector: str, path: Path) -> None:
        """Give a file to a file input."""
        root = self._ask("DOM.getDocument")["root"]["nodeId"]
        node = self._ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._ask("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def key(self, key: str, held: int = 0) -> None:
        """Press a key; `held`: so often it repeats before it is let go."""
        code = {" ": 32}.get(key, ord(key.upper()))
        more = {"key": key, "text": key, "windowsVirtualKeyCode": code}
        self._ask("Input.dispatchKeyEvent", type="keyDown", **more)
        for _ in range(held):
            self._ask("Input.dispatchKeyEvent", type="keyDown", autoRepeat=True, **more)
        self._ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def picture(self, path: Path) -> None:
        """The whole page from top to bottom, as a PNG."""
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        told = self._ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(told["data"]))

    def send_along(self, headers: dict[str, str]) -> None:
        """With every request from now on."""
        self._ask("Network.setExtraHTTPHeaders", headers=headers)

    def heap(self) -> float:
        """MB that the page's scripts hold, after a collection."""
        self._ask("HeapProfiler.collectGarbage")
        return float(self._ask("Runtime.getHeapUsage")["usedSize"]) / 1e6

    def resize(self, width: int) -> None:
        """As wide as a window of so many CSS pixels."""
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )

    def get(self, expression: str) -> Any:
        found = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, expression: str) -> None:
        until = time.monotonic() + _PATIENCE_S
        while not self.get(expression):
            assert time.monotonic() < until, f"it never came: {expression}"
            time.sleep(0.05)

    def close(self) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()
