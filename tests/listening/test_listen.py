"""Listening back, against a real server on this machine that hears well, homophones, wrong words, late, badly and not at all."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.errors import CastError, EngineError
from pipeline.listening import config, results
from pipeline.listening.config import Settings
from pipeline.listening.listen import Outcome, Spoken, listen
from pipeline.listening.server import NotHeard, Server
from tests.conftest import shuoshu
from tests.servers import Handler, LocalServer, running

TEXTS = ["天快黑了,河边一个人也没有.", "他推开门走了进去.", "好的."]


class Recognizer(LocalServer):
    """A recognizer that knows every line by the length of its sound; behaves as `mode` says and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(Hearing)
        self.texts: dict[int, str] = {}
        self.forms: list[dict[str, bytes]] = []
        self.at: list[float] = []


class Hearing(Handler):
    server: Recognizer

    def do_POST(self) -> None:
        import io

        body = self.rfile.read(int(self.headers["Content-Length"]))
        form = parts(self.headers["Content-Type"], body)
        self.server.forms.append(form)
        self.server.keys.append(self.headers.get("Authorization"))
        self.server.at.append(time.monotonic())
        text = self.server.texts.get(len(soundfile.read(io.BytesIO(form["file"]))[0]), "")
        mode, first = self.server.mode, len(self.server.forms) == 1
        if mode == "slow":
            time.sleep(1.0)
        if mode.startswith(("429", "500", "401", "400")) and (first or "once" not in mode):
            return self.send(int(mode[:3]), "{}", {"Retry-After": "1" if "wait" in mode else "0"})
        if mode == "homophones":
            text = text.replace("天", "添").replace("他", "她").replace("好", "郝")
        if mode == "wrong":
            text = "谢谢观看" if len(text) > 5 else text
        told = json.dumps({"text": text}, ensure_ascii=False)
        if mode == "broken":
            told = told[:-3]
        if mode == "foreign":
            told = '{"text": 5}'
        return self.send(200, told)


def parts(kind: str, body: bytes) -> dict[str, bytes]:
    """The fields of a multipart form (RFC 7578)."""
    boundary = re.search(r'boundary="?([^";]+)', kind)
    assert boundary
    found = {}
    for part in body.split(b"--" + boundary[1].encode())[1:-1]:
        head, content = part.split(b"\r\n\r\n", 1)
        name = re.search(rb'name="([^"]+)"', head)
        assert name
        found[name[1].decode()] = content.removesuffix(b"\r\n")
    return found


@pytest.fixture
def server() -> Iterator[Recognizer]:
    with running(Recognizer()) as one:
        yield one


@pytest.fixture
def lines(server: Recognizer, tmp_path: Path) -> list[Spoken]:
    """Three lines as takes of different lengths, which the server knows."""
    found = []
    for at, text in enumerate(TEXTS):
        path, frames = tmp_path / f"{at}.flac", 2000 + 100 * at
        soundfile.write(path, np.zeros(frames, np.float32), 16000)
        server.texts[frames] = text
        found.append(Spoken(f"c01-{at}", f"key{at}", path, text))
    return found


def heard(url: str, lines: list[Spoken], *, naps: list[float] | None = None, **settings: object) -> Outcome:
    wish = Settings(**{"asr": url, "timeout_s": 20.0, "concurrency": 2, **settings})  # type: ignore[arg-type]
    by = Server(wish, first_wait_s=0.01, sleep=(naps if naps is not None else []).append)
    try:
        return listen(lines, lines, by, lines[0].path.parent, "zh", {}, lambda _done, _due: None)
    finally:
        by.close()


def test_what_is_heard_well_is_not_listed_and_not_asked_again(server: Recognizer, lines: list[Spoken]) -> None:
    one = heard(server.url, lines, model="big")
    assert (one.results.lines, one.results.rate, dict(one.results.doubts), one.fresh) == (3, 0, {}, 3)
    form = server.forms[0]
    assert {name: form[name] for name in form if name != "file"} == {
        "model": b"big", "language": b"zh", "response_format": b"json", "temperature": b"0"
    }  # fmt: skip
    assert form["file"][:4] == b"fLaC"
    again = heard(server.url, lines, model="big")
    assert (again.results, again.fresh, len(server.forms)) == (one.results, 0, 3)
    assert heard(server.url, lines, model="bigger").fresh == 3, "another model hears for itself"


def test_homophones_are_heard_as_spoken(server: Recognizer, lines: list[Spoken]) -> None:
    server.mode = "homophones"
    assert heard(server.url, lines).results.rate == 0


def test_wrong_words_are_listed_the_worst_first(server: Recognizer, lines: list[Spoken]) -> None:
    server.mode = "wrong"
    found = heard(server.url, lines).results
    assert set(found.doubts) == {"key0", "key1"}, "the third line was heard well"
    rates = [one.rate for one in found.doubts.values()]
    assert rates == sorted(rates, reverse=True)
    assert found.doubts["key1"].heard == "谢谢观看"
    assert found.rate == pytest.approx(sum(one.errors for one in found.doubts.values()) / 22)


def test_a_line_that_two_lines_share_is_heard_once(server: Recognizer, lines: list[Spoken]) -> None:
    twin = Spoken("c02-9", lines[0].take, lines[0].path, lines[0].text)
    assert heard(server.url, [*lines, twin]).results.lines == 4
    assert len(server.forms) == 3


@pytest.mark.parametrize("mode", ["429 once", "500 once"])
def test_trouble_that_passes_is_waited_out(server: Recognizer, lines: list[Spoken], mode: str) -> None:
    server.mode = mode
    naps: list[float] = []
    found = heard(server.url, lines, naps=naps, concurrency=1)
    assert (found.failed, found.results.lines, len(naps)) == ({}, 3, 1)


def test_the_wait_that_the_server_asks_for_is_kept(server: Recognizer, lines: list[Spoken]) -> None:
    server.mode = "429 once, wait"
    naps: list[float] = []
    heard(server.url, lines, naps=naps, concurrency=1)
    assert naps == [1.0]


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("429", "HTTP 429"),
        ("500", "HTTP 500"),
        ("broken", "not {"),
        ("foreign", "not {"),
        ("slow", "no answer within 0.2 s"),
    ],
)
def test_lasting_trouble_ends_it_after_three_lines(
    server: Recognizer, lines: list[Spoken], mode: str, why: str
) -> None:
    server.mode = mode
    found = heard(
        server.url,
        [*lines, Spoken("c01-9", "key9", lines[0].path, "")],
        concurrency=1,
        timeout_s=0.2 if mode == "slow" else 20.0,
    )
    assert len(found.failed) == 3
    assert why in found.given_up
    assert (found.results.lines, found.fresh) == (0, 0)
    assert len(server.forms) == 3 * 4


def test_a_refused_key_is_not_tried_again(
    server: Recognizer, lines: list[Spoken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "s3cret-7")
    server.mode = "401"
    found = heard(server.url, lines, key_env="A_KEY", concurrency=1)
    assert len(server.forms) == 1
    assert server.keys == ["Bearer s3cret-7"]
    assert "key_env" in found.given_up
    assert "s3cret" not in json.dumps([found.given_up, dict(found.failed), found.results.asr])


def test_one_refused_line_does_not_stop_the_others(server: Recognizer, lines: list[Spoken]) -> None:
    server.mode = "400 once"
    found = heard(server.url, lines, concurrency=1)
    assert (list(found.failed), found.given_up, found.results.lines) == (["c01-0"], "", 2)
    assert heard(server.url, lines, concurrency=1).fresh == 1, "the next run asks what stayed open"


def test_nobody_there(lines: list[Spoken]) -> None:
    found = heard("http://127.0.0.1:9/v1", lines, concurrency=1)
    assert "cannot be reached (ConnectError)" in found.given_up


def test_an_address_is_shown_without_its_password(lines: list[Spoken]) -> None:
    by = Server(Settings("http://me:s3cret@127.0.0.1:9/v1"), first_wait_s=0, sleep=lambda _: None)
    assert by.name == "http://127.0.0.1:9/v1 whisper-1"
    with pytest.raises(NotHeard) as caught:
        by.hear(lines[0].path, "zh")
    assert "s3cret" not in str(caught.value)
    by.close()


def test_results_survive_the_disk_and_broken_ones_are_named(tmp_path: Path) -> None:
    assert results.load(tmp_path) is None
    kept = results.Results("asr", 9, 0.25, {"k": results.Doubt("c01-1", "k", 0.5, 3, "说", "听")})
    path = results.write(tmp_path, kept)
    assert results.load(tmp_path) == kept
    path.write_text('{"format": 1, "doubts": 7}', encoding="utf-8")
    with pytest.raises(Exception, match="cannot be read") as caught:
        results.load(tmp_path)
    assert str(path) in str(caught.value)


def test_settings_come_from_the_command_or_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.delenv(config.KEY_ENV, raising=False)
    with pytest.raises(EngineError, match="no speech recognizer is named"):
        config.settings()
    text = "llm: {url: http://x/v1, model: m}\nlisten:\n  asr: http://here:8000/v1/\n  model: m\n  key_env: A_KEY\n"
    Path("shuoshu.yaml").write_text(text, encoding="utf-8")
    assert config.settings() == Settings("http://here:8000/v1", "m", "A_KEY")
    assert config.settings(model="n").model == "n"
    assert config.settings("http://there/v1/").asr == "http://there/v1"
    assert config.settings("http://there/v1").key_env == "", "a configured key belongs to the configured server"
    monkeypatch.setenv(config.KEY_ENV, "k")
    assert config.settings("http://there/v1").key() == "k"
    with pytest.raises(EngineError, match="neither"):
        config.settings("whisper")
    with pytest.raises(EngineError, match="A_KEY is not set"):
        config.settings().key()
    for wrong, says in (("timeout_s: 0", "line 6"), ("modell: m", "modell"), ("concurrency: many", "a whole number")):
        Path("shuoshu.yaml").write_text(text + f"  {wrong}\n", encoding="utf-8")
        with pytest.raises(CastError) as caught:
            config.settings()
        assert says in str(caught.value)
        assert "cast-file" not in str(caught.value)


DICE = """
from dataclasses import replace
from pipeline.engines.espeak import EspeakEngine

class Dice(EspeakEngine):
    name = "dice"
    capabilities = replace(EspeakEngine.capabilities, seeded=True)

    def render(self, batch):
        for one in super().render(batch):
            yield replace(one, wave=one.wave[: one.wave.size // 100 * 100 - 101 * batch[one.index].seed])
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A book whose narrator has an engine with seeds, of a package of its own, and whose 林晚 has eSpeak: the folder it is in
    and the environment it needs."""
    tmp_path = tmp_path_factory.mktemp("work")
    package = tmp_path / "package"
    info = package / "dice-1.dist-info"
    info.mkdir(parents=True)
    (package / "dice.py").write_text(DICE, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dice\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[shuoshu.engines]\ndice = dice:Dice\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text(
        "第一章\n\n天快黑了，河边一个人也没有。\n\n林晚道：“你终于来了，我等了很久。”\n", encoding="utf-8"
    )
    (tmp_path / "b.yaml").write_text(
        "language: zh\nnarrator: {voice: n}\nvoices: {n: {engine: dice}, l: {engine: espeak}}\n"
        "characters: {林晚: {voice: l}}\n", encoding="utf-8",
    )  # fmt: skip
    environment = {"PYTHONPATH": f"{Path(__file__).parents[2]}:{package}"}
    done = shuoshu("run", "b.txt", "--cast", "b.yaml", "--plain", "--deliver", "report", cwd=tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    return tmp_path, environment


def test_the_command_lists_keeps_shows_in_the_report_and_makes_anew(
    server: Recognizer, book: tuple[Path, dict[str, str]]
) -> None:
    work, environment = book
    folder = work / "output/b"
    lines = json.loads(shuoshu("lines", "b", "--json", cwd=work, **environment).stdout)
    by_text = {line["text"]: line["id"] for line in lines}
    narration, dialogue = by_text["天快黑了，河边一个人也没有。"], by_text["“你终于来了，我等了很久。”"]
    for line in lines:
        [take] = json.loads(shuoshu("takes", "b", line["id"], "--json", cwd=work, **environment).stdout)
        wrong = line["id"] in (narration, dialogue)
        server.texts[len(soundfile.read(work / take["path"])[0])] = "谢谢观看" if wrong else line["text"]
    ask = ["listen", "b", "--asr", server.url, "--plain"]
    told = json.loads(shuoshu(*ask, "--json", cwd=work, **environment).stdout)
    assert {one["line"] for one in told["doubts"]} == {narration, dialogue}
    assert (told["heard_now"], told["failed"]) == (len(lines), {})
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    misheard = {one["line"]: one["command"] for one in report["findings"] if one["kind"] == "misheard"}
    assert misheard == {
        narration: f"shuoshu rerender b {narration}",
        dialogue: f"shuoshu rerender b {dialogue} '--text=“你终于来了，我等了很久。”'",
    }
    assert report["listening"]["lines"] == len(lines)

    new = f"天快黑了，河边一个人也没有{'。'}"
    server.texts = {
        **{frames - 101: new for frames, text in server.texts.items() if text == "谢谢观看"},
        **server.texts,
    }
    told = json.loads(shuoshu(*ask, "--retry", "--json", cwd=work, **environment).stdout)
    assert (told["retried"], told["without_seeds"], told["heard_now"]) == ([narration], [dialogue], 1)
    assert [one["line"] for one in told["doubts"]] == [dialogue], told["doubts"]
    takes = json.loads(shuoshu("takes", "b", narration, "--json", cwd=work, **environment).stdout)
    assert [(take["seed"], take["chosen"]) for take in takes] == [(0, False), (1, True)]
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert {one["line"] for one in report["findings"] if one["kind"] == "misheard"} == {dialogue}
    shown = shuoshu(*ask, "--retry", cwd=work, SHUOSHU_LANG="zh", **environment)
    assert "没有随机性" in shown.stderr
    assert "谢谢观看" in shown.stdout


def test_the_command_fails_clearly(server: Recognizer, book: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    work, environment = book
    (work / "model").mkdir()
    server.mode = "401"
    key = "s3cret-8"
    for words, says in (
        (["--asr", server.url], "does it take the key?"),
        (["--asr", "faster-whisper"], "needs a model"),
        (["--asr", "faster-whisper", "--model", "model"], "faster-whisper"),
        ([], "no speech recognizer is named"),
        (["--asr", server.url, "--chapters", "7"], "there is no chapter 7"),
    ):
        done = shuoshu(
            "listen", "b", *words, cwd=work, **environment, **{config.KEY_ENV: key}, XDG_CONFIG_HOME=str(tmp_path)
        )
        assert done.returncode == 2, (words, done.stdout, done.stderr)
        assert says in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
        assert key not in done.stderr + done.stdout
    assert server.keys
    assert not any(key.encode() in path.read_bytes() for path in (work / "output").rglob("*") if path.is_file())


def test_faster_whisper_without_the_package_or_a_model_says_what_to_do(tmp_path: Path) -> None:
    from pipeline.listening.whisper import LocalWhisper

    with pytest.raises(EngineError) as caught:
        LocalWhisper(tmp_path)
    assert "pip install 'shuoshu[listen]'" in str(caught.value) or "model.bin is missing" in str(caught.value)
