"""Who may come in: a file with a name and a salted hash a line, and how long to wait after wrong passwords."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipeline.errors import StudioError
from pipeline.files import write_text
from pipeline.wording import Wording

COST, BLOCK, LANES = 1 << 14, 8, 1
"""Of scrypt (RFC 7914): 16 MB and some 50 ms a try."""
SHORTEST = 10
FREE_TRIES = 5
LONGEST_WAIT_S = 300.0
log = logging.getLogger("shuoshu.studio")
_NAME = re.compile(r"[\w.@-]{1,64}")


def hashed(password: str, salt: bytes = b"") -> str:
    """``scrypt$salt$hash``, both in base64."""
    salt = salt or os.urandom(16)
    key = hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=LANES, maxmem=1 << 26)
    return "$".join(("scrypt", *(base64.b64encode(one).decode() for one in (salt, key))))


def add(path: Path, name: str, password: str) -> None:
    """Write a user into the file, or give one another password. Raises StudioError for a name or password that will not do."""
    if not _NAME.fullmatch(name):
        raise StudioError(
            Wording(f"{name[:40]!r} is no name for a user", f"{name[:40]!r} 不能作用户名"),
            fix=Wording("Letters, digits and . @ - _, at most 64.", "请用字母、数字和 . @ - _，最多 64 个。"),
        )
    if len(password) < SHORTEST:
        raise StudioError(
            Wording(f"a password has {SHORTEST} characters or more", f"密码至少 {SHORTEST} 个字符"),
            fix=Wording("Choose a longer one.", "请换一个长一些的。"),
        )
    known = {**load(path), name: hashed(password)} if path.exists() else {name: hashed(password)}
    before = os.umask(0o077)  # nobody else reads it, not for a moment
    try:
        write_text(path, "".join(f"{one}:{told}\n" for one, told in known.items()))
    finally:
        os.umask(before)
    path.chmod(0o600)


def load(path: Path) -> dict[str, str]:
    """Names and hashes. Raises StudioError naming the line that is none."""
    try:
        rows = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(
            Wording("the users file cannot be read", "读不了用户文件"),
            where=str(path),
            fix=Wording(
                "`shuoshu studio --add-user NAME --users FILE` makes one.",
                "用 `shuoshu studio --add-user 名字 --users 文件` 建一个。",
            ),
        ) from error
    found = {}
    for number, row in enumerate(rows, 1):
        if row.strip() and not row.startswith("#"):
            name, _, told = row.strip().partition(":")
            if not _NAME.fullmatch(name) or not re.fullmatch(r"scrypt\$[\w+/=]+\$[\w+/=]+", told):
                raise StudioError(
                    Wording("this line is no user", "这一行不是用户"),
                    where=Wording(f"{path}, line {number}", f"{path} 第 {number} 行"),
                    fix=Wording("Remove it; --add-user writes a whole one.", "请删掉它；--add-user 会写好一行。"),
                )
            found[name] = told
    return found


@cache
def _nobody() -> str:
    """A hash that is reckoned for names that are none, so that they take as long."""
    return hashed(os.urandom(16).hex())


def _seen(name: str, password: str) -> str:
    return hashlib.sha256(f"{name}\0{password}".encode()).hexdigest()


def _keys(address: str, name: str) -> tuple[str, str]:
    return f"from {address}", f"as {name}"


@dataclass(slots=True)
class Doorkeeper:
    """Checks passwords. After `FREE_TRIES` wrong ones from an address, or for a name, every further try waits twice as long.
    `file`: where the users come from; they are read again when it changes, and stay as they were while it is broken."""

    users: dict[str, str]
    file: Path | None = None
    clock: Callable[[], float] = time.monotonic
    _read_ns: int = 0
    _wrong: dict[str, tuple[int, float]] = field(default_factory=dict)
    _right: dict[tuple[str, str], str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> None:
        """Read the users again where their file changed."""
        if self.file is None:
            return
        try:
            changed = self.file.stat().st_mtime_ns
            if changed == self._read_ns:
                return
            self._read_ns, self.users = changed, load(self.file)
        except (OSError, StudioError) as error:
            log.warning("the users file cannot be read again: %s", error)

    def waits(self, address: str, name: str = "") -> float:
        """Seconds until an address and a name may try again; 0 = now."""
        with self._lock:
            return max(self._until(one) for one in _keys(address, name))

    def remembers(self, name: str, password: str) -> bool:
        """Whether these came in before; no hash is reckoned."""
        with self._lock:
            return name in self.users and self._right.get((name, _seen(name, password))) == self.users[name]

    def _until(self, who: str) -> float:
        count, last = self._wrong.get(who, (0, 0.0))
        wait = min(2.0 ** min(count - FREE_TRIES, 20), LONGEST_WAIT_S) if count >= FREE_TRIES else 0.0
        return max(0.0, last + wait - self.clock())

    def knows(self, name: str, password: str, address: str) -> bool:
        """Whether this is a user and the password. A right one is remembered, so that not every request costs a hash."""
        if self.remembers(name, password):
            return True
        told = self.users.get(name) or _nobody()
        salt = base64.b64decode(told.split("$")[1])
        right = hmac.compare_digest(hashed(password, salt), told) and name in self.users
        with self._lock:
            for one in _keys(address, name):
                count, _ = self._wrong.pop(one, (0, 0.0))
                if not right:
                    self._wrong[one] = count + 1, self.clock()
            if right:
                self._right[name, _seen(name, password)] = told
            if len(self._wrong) > 10_000:
                self._wrong.pop(next(iter(self._wrong)))
        return right
