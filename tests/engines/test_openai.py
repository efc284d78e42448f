"""The remote engine, against real servers on this machine in every weather."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from pipeline import cast as cast_room
from pipeline.asking import Http, retry_after
from pipeline.engines.base import Spoken
from pipeline.engines.openai import rounds
from pipeline.engines.openai import settings as config
from pipeline.engines.openai.engine import OpenAI
from pipeline.engines.openai.hosts import FAILURES, FIRST_OPEN_S, Hosts
from pipeline.engines.openai.request import content, said
from pipeline.engines.openai.settings import FIELDS, Settings
from pipeline.errors import CastError, EngineError
from pipeline.nouns import Direction, Emotion, Voice
from tests.conftest import SMALL, shuoshu
from tests.engines.speech_server import RATE, SpeechServer, wave_of
from tests.listening.test_listen import parts
from tests.servers import running

KEY = "sk-Zq7-very-secret-81"
TEXTS = [
    "天快黑了,河边一个人也没有.",
    "他推开门走了进去.",
    "好的,我们走吧.",
    "林晚看着窗外的雨.",
    "老王没有说话.",
    "他们一直走到天亮.",
]


def lines(count: int = 6, **wish: Any) -> list[Direction]:
    voice = Voice("v", "openai", {"voice": "af_heart"})
    return [
        Direction(f"c01-{at}", f"{TEXTS[at % 6]}第{at}次." if at >= 6 else TEXTS[at], "zh", voice, **wish)
        for at in range(count)
    ]


@pytest.fixture
def serve() -> Iterator[Callable[..., SpeechServer]]:
    with ExitStack() as stack:
        yield lambda *given, **named: stack.enter_context(running(SpeechServer(*given, **named)))


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., OpenAI]]:
    """Write settings and give an engine that reads them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rounds, "FIRST_WAIT_S", 0.02)
    made: list[OpenAI] = []

    def write(*hosts: SpeechServer | str, **given: Any) -> OpenAI:
        urls = [one if isinstance(one, str) else one.url for one in hosts]
        text = yaml.safe_dump({"speech": {"hosts": urls, "model": "m", **given}}, allow_unicode=True)
        Path("shuoshu.yaml").write_text(text, encoding="utf-8")
        config.configured.cache_clear()
        made.append(OpenAI())
        return made[-1]

    yield write
    for one in made:
        one.close()
    config.configured.cache_clear()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def same(spoken: Spoken, text: str) -> bool:
    """To the sample what the server says for a text."""
    return np.array_equal(np.round(spoken.wave * 32768).astype(np.int16), wave_of(text))


# --- whole answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["well", "flac", "float", "deep", "stereo", "streamed", "old", "pcm"])
def test_speech_is_taken_for_what_it_is_whatever_was_asked_and_headers_claim(serve, configured, mode: str) -> None:
    server = serve(mode)
    asked = lines()
    found = list(configured(server, format="pcm" if mode == "pcm" else "wav").render(asked))
    assert sorted(one.index for one in found) == list(range(6))
    assert all(same(one, asked[one.index].text) for one in found)
    assert not any(one.doubts for one in found)


def test_another_sample_rate_becomes_the_engines_own(serve, configured) -> None:
    (one,) = configured(serve("finer")).render(lines(1))
    expected = wave_of(TEXTS[0]) / 32768
    assert one.wave.size == expected.size
    assert np.corrcoef(one.wave, expected)[0, 1] > 0.99


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("cut wav", "cut off"), ("long wav", "more bytes"), ("two wavs", "more bytes"), ("cut flac", "cut off"), ("bent flac", "cut off"),
        ("dropped", "broke the connection"), ("gone", "broke the connection"), ("streamed and cut", "broke the connection"),
        ("old streamed", "nothing says the end"), ("mp3", "MP3"), ("ogg", "Ogg"), ("page", "text, not sound"),
        ("json", "text, not sound"), ("empty", "empty"), ("header", "no sound"), ("silent", "silence"), ("nan", "no sound"),
        ("loud", "no sound"), ("odd", "cut off"), ("moved", "no 16-bit samples"), ("blip", "0.08 s for 12 syllables"),
        ("hour", "too long"), ("endless", "too long"), ("packed", "DecodingError"), ("drip", "within 1 s"), ("500", "no 500 for"),
    ],
)  # fmt: skip
def test_no_answer_that_is_not_whole_is_ever_taken(serve, configured, mode: str, says: str) -> None:
    server = serve(mode)
    pcm = mode in ("odd", "moved", "page", "json")
    engine = configured(server, tries=2, timeout_s=1 if mode == "drip" else 30, format="pcm" if pcm else "wav")
    with pytest.raises(EngineError, match=says) as error:
        list(engine.render(lines(1)))
    assert "c01-0" in str(error.value)
    assert server.url in str(error.value)
    assert len(server.at) == 2, "tried again, and no oftener than allowed"


def test_a_small_book_completes_in_bad_weather_and_the_key_is_nowhere(serve, tmp_path: Path) -> None:
    kinds = [
        "500", "dropped", "cut wav", "streamed and cut", "page", "cut flac", "mp3", "429 0.2", "silent", "gone", "503", "blip",
    ]  # fmt: skip
    other, server = serve(), serve(takes_s=0.02)
    server.weather = lambda number: (
        kinds[number // 2 % len(kinds)] if number % 2 == 0 else ("flac", "well", "streamed")[number % 3]
    )
    book = tmp_path / "book.txt"
    book.write_text(SMALL, encoding="utf-8")
    settings = {"hosts": [server.url, f"http://127.0.0.1:{free_port()}/v1", other.url], "model": "m", "voice": "v", "key_env": "MY_KEY",
                "concurrency": 3, "tries": 20}  # fmt: skip
    (tmp_path / "shuoshu.yaml").write_text(yaml.safe_dump({"speech": settings}), encoding="utf-8")
    other.weather = lambda number: "500" if number < 3 else "well"
    ran = shuoshu(
        "run", book, "--engine", "openai", "--plain", "--formats", "flac", "--output", "out", cwd=tmp_path, MY_KEY=KEY
    )
    assert ran.returncode == 0, ran.stderr
    assert set(server.keys) | set(other.keys) == {f"Bearer {KEY}"}
    said_there = {wave_of(one["input"]).tobytes() for one in server.asked + other.asked}
    takes = list((tmp_path / "out").rglob("takes/*/*.flac"))
    assert len(takes) == len(said_there)
    assert {soundfile.read(one, dtype="int16")[0].tobytes() for one in takes} == said_there, (
        "every take is whole, to the sample"
    )
    written = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert len(written) > 10
    assert not [one for one in written if KEY[3:9].encode() in one.read_bytes()]
    assert KEY[3:9] not in ran.stdout + ran.stderr


def test_what_breaks_off_in_a_sound_is_asked_for_again_and_kept_with_a_flag(serve, configured) -> None:
    server = serve("streamed abrupt")
    (one,) = configured(server).render(lines(1))
    assert one.doubts == ("truncated",)
    assert len(server.at) == 2
    server = serve()
    server.weather = lambda number: "streamed abrupt" if number == 0 else "streamed"
    (one,) = configured(server).render(lines(1))
    assert same(one, TEXTS[0])
    assert not one.doubts


def test_a_take_far_longer_than_its_text_is_asked_for_again_and_kept_with_a_flag(serve, configured) -> None:
    server = serve()
    server.weather = lambda number: "long" if number < 2 else "well"
    (one,) = configured(server).render(lines(1))
    assert one.doubts == ("runaway",)
    assert len(server.at) == 2


# --- hosts -------------------------------------------------------------------------------------------


def test_lines_go_out_together_and_no_more_than_allowed(serve, configured) -> None:
    one, two = serve(takes_s=0.1), serve(takes_s=0.1)
    asked = lines(24)
    began = time.monotonic()
    found = list(configured(one, two, concurrency=3).render(asked))
    assert time.monotonic() - began < 24 * 0.1 / 2, "not one after the other"
    assert len(found) == 24
    assert one.most_busy == two.most_busy == 3
    assert abs(len(one.at) - len(two.at)) <= 4, "balanced"


def test_lines_are_yielded_as_they_come_and_the_longest_is_sent_first(serve, configured) -> None:
    server = serve()
    server.slow_text = max(TEXTS, key=len)
    order = [one.index for one in configured(server, concurrency=2).render(lines())]
    assert server.slow_text in [one["input"] for one in server.asked[:2]]
    assert order[-1] == TEXTS.index(server.slow_text)
    assert sorted(order) == list(range(6))


def test_a_dead_host_is_passed_over(serve, configured) -> None:
    server = serve(takes_s=0.02)
    dead = f"http://127.0.0.1:{free_port()}/v1"
    found = list(configured(dead, server, concurrency=2, tries=1).render(lines(20)))
    assert len(found) == 20
    assert len(server.at) == 20, "a connection that is refused costs a line none of its tries"


def test_a_host_that_breaks_everything_costs_no_line(serve, configured) -> None:
    broken, server = serve("cut wav"), serve(takes_s=0.02)
    asked = lines(30)
    found = list(configured(broken, server, concurrency=2).render(asked))
    assert len(found) == 30
    assert all(same(one, asked[one.index].text) for one in found)
    assert len(broken.at) < 12, "its breaker opened"


def test_a_busy_host_is_left_alone_as_long_as_it_asks(serve, configured) -> None:
    server = serve()
    server.weather = lambda number: "429 1" if number == 0 else "well"
    found = list(configured(server, concurrency=1, tries=1).render(lines(3)))
    assert len(found) == 3, "a refusal costs a line none of its tries"
    assert server.at[1] - server.at[0] >= 1.0
    assert all(after - before < 0.5 for before, after in pairwise(server.at[1:]))


def test_more_at_once_than_a_host_takes_costs_no_line(serve, configured) -> None:
    server = serve(slots=3, takes_s=0.02)
    found = list(configured(server, concurrency=12, tries=1).render(lines(60)))
    assert len(found) == 60
    assert "429" in server.modes


def test_a_host_that_refuses_more_than_it_ever_took_finds_its_measure() -> None:
    now = [0.0]
    hosts = Hosts(("a",), 12, clock=lambda: now[0])
    (a,) = hosts.all
    refused = []
    for _ in range(200):
        now[0] += 1
        taken = []
        while going := hosts.take():
            taken.append(going)
        for one in taken:
            hosts.ended(one, "busy" if one.level > 3 else "answered", after=0)
        refused.append(max(len(taken) - 3, 0))
    assert refused[0] == 9
    assert a.room in (3, 4)
    assert sum(refused[1:]) <= 4, "and is asked for more only now and then"


def test_a_breaker_opens_tries_one_line_and_closes() -> None:
    now = [0.0]
    hosts = Hosts(("a", "b"), 8, clock=lambda: now[0])
    a, b = hosts.all
    taken = [hosts.take(avoid=b) for _ in range(8)]
    assert [one.host for one in taken] == [a] * 8
    for one in taken[:FAILURES]:
        hosts.ended(one, "failed")
    assert a.open
    for one in taken[FAILURES:]:
        hosts.ended(one, "failed")
    assert a.opened == 1, "lines sent before it opened do not count again"
    assert [hosts.take(avoid=b).host for _ in range(2)] == [b, b], "an open one gets nothing"
    now[0] = FIRST_OPEN_S
    trial = hosts.take(avoid=b)
    assert trial.host is a
    assert hosts.take(avoid=b).host is b, "half open, it gets one line only"
    hosts.ended(trial, "failed")
    assert a.opened == 2
    assert a.free_at - now[0] >= FIRST_OPEN_S, "and after a failed one it waits longer"
    now[0] += 2 * FIRST_OPEN_S
    trial = hosts.take(avoid=b)
    assert trial.host is a
    hosts.ended(trial, "answered")
    assert not a.open
    assert [hosts.take(avoid=b).host for _ in range(3)] == [a, a, a]


def test_a_refusal_by_chance_takes_no_room_from_a_host() -> None:
    hosts = Hosts(("a",), 8, clock=lambda: 0.0)
    (a,) = hosts.all
    for turn in range(4):
        for one in [hosts.take() for _ in range(8)]:
            hosts.ended(one, "busy" if one.level == 5 and turn else "answered", after=0)
    assert a.room == 8


def test_an_outage_in_the_middle_is_waited_for_and_costs_no_line(serve, configured, monkeypatch) -> None:
    monkeypatch.setattr("pipeline.engines.openai.hosts.FIRST_OPEN_S", 0.05)
    server = serve()
    server.weather = lambda number: "gone" if 5 <= number < 14 else "well"
    found = list(configured(server, concurrency=1, tries=6).render(lines(10)))
    assert len(found) == 10, "a line that only tries whether a host is back loses none of its tries"
    gaps = [after - before for before, after in pairwise(server.at)]
    assert max(gaps) > 0.2, "its breaker was open for a while"


def test_no_host_at_all_is_an_error_that_names_each_and_why(serve, configured) -> None:
    dead = [f"http://127.0.0.1:{free_port()}/v1" for _ in range(2)]
    with pytest.raises(EngineError, match="no speech server gave a usable answer") as error:
        list(configured(*dead, patience_s=0.5).render(lines()))
    assert all(f"{one}: no server is listening there" in str(error.value) for one in dead)
    assert "没有语音服务给出可用的回答" in error.value.what.chinese


def test_taking_no_more_ends_at_once(serve, configured) -> None:
    found = configured(serve(takes_s=0.05), concurrency=2, timeout_s=600).render(lines(40))
    next(found)
    began = time.monotonic()
    found.close()
    assert time.monotonic() - began < 0.5


# --- refusals ----------------------------------------------------------------------------------------


def test_a_refused_line_is_named_with_the_servers_words_and_the_others_are_spoken(serve, configured) -> None:
    server = serve()
    server.weather = lambda number: "400" if server.asked[number]["input"] == TEXTS[1] else "well"
    rendering = configured(server).render(lines())
    found = [next(rendering).index for _ in range(5)]
    assert sorted(found) == [0, 2, 3, 4, 5]
    with pytest.raises(EngineError, match=r"line c01-1 .*HTTP 400: no 400 for 他推开门") as error:
        next(rendering)
    assert "c01-1 没能合成" in error.value.what.chinese
    assert len(server.at) == 6, "not tried again"


def test_when_every_line_is_refused_no_more_are_sent(serve, configured) -> None:
    server = serve("404")
    with pytest.raises(EngineError, match="HTTP 404"):
        list(configured(server, concurrency=1).render(lines(40)))
    assert len(server.at) == 3


@pytest.mark.parametrize(
    ("mode", "says"), [("401 echo", "does not accept the key"), ("400 echo", "HTTP 400"), ("500 echo", "HTTP 500")]
)
def test_a_server_that_tells_the_key_is_not_quoted(serve, configured, monkeypatch, mode: str, says: str) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    server = serve(mode)
    with pytest.raises(EngineError, match=says) as error:
        list(configured(server, key_env="MY_KEY", tries=2).render(lines(1)))
    assert server.keys[0] == f"Bearer {KEY}"
    assert not any(KEY[at : at + 6] in repr(error.value) + str(error.value) for at in range(len(KEY) - 5))
    assert len(server.at) == (2 if mode.startswith("500") else 1)


def test_a_redirect_is_not_followed(serve, configured, monkeypatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    elsewhere = serve()
    with pytest.raises(EngineError, match="points to another address"):
        list(configured(serve(f"302 {elsewhere.url}/audio/speech"), key_env="MY_KEY").render(lines(1)))
    assert not elsewhere.at


def test_a_key_that_is_not_there_and_one_that_no_header_takes(serve, configured, monkeypatch) -> None:
    engine = configured(serve(), key_env="MY_KEY")
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(EngineError, match="MY_KEY is not set"):
        list(engine.render(lines(1)))
    for wrong in ("一把钥匙", "sk-two\nlines"):
        monkeypatch.setenv("MY_KEY", wrong)
        with pytest.raises(EngineError, match="no HTTP header takes"):
            list(engine.render(lines(1)))


def test_a_text_that_is_too_long_is_never_sent(serve, configured) -> None:
    server = serve()
    asked = lines(2)
    with pytest.raises(EngineError, match=r"line c01-0 .*more than the 10 characters"):
        list(configured(server, max_characters=10).render(asked))
    assert [one["input"] for one in server.asked] == [TEXTS[1]]


# --- what is sent ------------------------------------------------------------------------------------


def test_a_plain_line_is_sent_as_openai_documents_it(serve, configured) -> None:
    server = serve()
    list(configured(server, format="flac", extra={"stream": False}).render(lines(1, speed=1.25, seed=7)))
    assert server.asked == [
        {
            "input": TEXTS[0],
            "model": "m",
            "voice": "af_heart",
            "response_format": "flac",
            "speed": 1.25,
            "stream": False,
        }
    ]


def test_index_tts_gets_readings_clip_and_emotion_where_it_expects_them(tmp_path: Path) -> None:
    clip = tmp_path / "lin.wav"
    clip.write_bytes(b"RIFF1234")
    fields = FIELDS | {
        "seed": "seed", "reference": "ref_audio", "emotion": "extra_params.emo_vector", "emotion_words": "extra_params.emo_text",
        "emotion_by_words": "extra_params.use_emo_text", "emotion_reference": "extra_params.emo_audio",
        "emotion_strength": "extra_params.emo_alpha",
    }  # fmt: skip
    settings = Settings(
        ("h",), "IndexTeam/IndexTTS-2", fields=fields, readings="pinyin", extra={"extra_params": {"use_random": False}}
    )
    voice = Voice("v", "openai", {}, clip, "0" * 64)

    def body(emotion: Emotion) -> dict:
        return content(Direction("l", "他重(chong2)新绿(lü4)了,去(qu4).", "zh", voice, emotion, seed=3), settings)[
            "json"
        ]

    weights = (0.0, 0.7, 0.0, 0.0, 0.0, 0.0, 0.2, 0.0)
    angry = body(Emotion(weights))
    assert angry["input"] == "他CHONG2新LV4了,QV4."
    assert angry["ref_audio"] == "data:audio/wav;base64,UklGRjEyMzQ="
    assert angry["extra_params"] == {"use_random": False, "emo_vector": list(weights)}
    assert angry["seed"] == 3
    assert "voice" not in angry
    words = body(Emotion(weights, "疲惫地低语"))["extra_params"]
    assert words == {"use_random": False, "emo_text": "疲惫地低语", "use_emo_text": True}
    heard = body(Emotion(reference=clip, strength=0.6))["extra_params"]
    assert heard == {"use_random": False, "emo_audio": angry["ref_audio"], "emo_alpha": 0.6}
    assert body(Emotion())["extra_params"] == {"use_random": False}, "what one line asked for is not in the next"


def test_clips_are_uploaded_as_files_of_a_form(serve, configured, tmp_path: Path) -> None:
    clip = tmp_path / "lin.wav"
    clip.write_bytes(b"RIFF1234")
    server = serve()
    engine = configured(server, fields={"reference": "speaker"}, reference_as="upload", extra={"options": {"a": 1}})
    list(engine.render([Direction("l", TEXTS[0], "zh", Voice("v", "openai", {}, clip, "0" * 64))]))
    form = parts(*server.raw[0])
    assert form["speaker"] == b"RIFF1234"
    assert form["input"].decode() == TEXTS[0]
    assert json.loads(form["options"]) == {"a": 1}


@pytest.mark.parametrize(("way", "sent"), [("path", "/lin.wav"), ("file-url", "file://"), ("base64", "UklGRjEyMzQ=")])
def test_clips_are_sent_in_other_ways(tmp_path: Path, way: str, sent: str) -> None:
    clip = tmp_path / "lin.wav"
    clip.write_bytes(b"RIFF1234")
    settings = Settings(("h",), reference_as=way, fields=FIELDS | {"reference": "clip"})
    assert sent in content(Direction("l", "好", "zh", Voice("v", "openai", {}, clip)), settings)["json"]["clip"]


def test_instructions_emotion_and_delivery_share_a_field() -> None:
    settings = Settings(
        ("h",), fields=FIELDS | {"emotion": "instructions", "delivery": "instructions"}, emotion_as="words"
    )
    voice = Voice("v", "openai", {"voice": "coral", "instructions": "A tired old man"})
    asked = Direction("l", "好", "zh", voice, Emotion((0.0, 0.7, 0.0, 0.0, 0.0, 0.0, 0.2, 0.0)), delivery=("whisper",))
    told = content(asked, settings)["json"]["instructions"]
    assert set(told.split("; ")) == {"A tired old man", "whisper", "angry (0.7), surprised (0.2)"}


def test_readings_are_left_out_for_servers_that_cannot_read_them() -> None:
    assert said("他重(chong2)新晕囗(xuan4)了", "plain") == "他重新晕xuan了"


def test_speed_and_duration_are_met_here_where_the_server_cannot(serve, configured) -> None:
    server = serve()
    engine = configured(server, fields={"speed": None})
    (fast,) = engine.render(lines(1, speed=1.25))
    assert "speed" not in server.asked[0]
    assert fast.wave.size == round(wave_of(TEXTS[0]).size / 1.25)
    (timed,) = engine.render(lines(1, duration=2.0))
    assert timed.wave.size == 2 * RATE


# --- settings ----------------------------------------------------------------------------------------


def test_what_the_engine_can_do_is_what_the_server_is_told(configured) -> None:
    configured("http://h/v1")
    assert not OpenAI.capabilities.clones
    assert OpenAI.capabilities.emotions == frozenset()
    assert not OpenAI.capabilities.seeded
    fields = {
        "reference": "ref_audio",
        "emotion": "e",
        "emotion_words": "w",
        "seed": "seed",
        "delivery": "instructions",
    }
    engine = configured("http://h/v1", "http://i/v1", fields=fields, readings="pinyin", rate=22050, concurrency=8)
    can = OpenAI.capabilities
    assert can.clones
    assert can.pinyin
    assert can.seeded
    assert (can.emotions, can.sample_rate) == ({"weights", "words"}, 22050)
    assert can.deliveries
    assert can.batch_size >= 10 * 16, "a batch's end leaves most servers busy most of the time"
    assert engine.reader()


def test_a_cast_that_asks_for_what_the_server_cannot_do_is_wrong_before_anything_is_sent(
    configured, tmp_path: Path
) -> None:
    configured("http://h/v1")
    soundfile.write(tmp_path / "lin.wav", np.ones(RATE * 2) * 0.1, RATE)
    path = tmp_path / "cast.yaml"
    path.write_text(
        "consent: yes, all\nnarrator: {voice: n}\nvoices:\n  n: {engine: openai, reference: lin.wav}\n",
        encoding="utf-8",
    )
    with pytest.raises(CastError, match="does not clone") as error:
        cast_room.load(path)
    assert "line 4" in error.value.where
    configured("http://h/v1", fields={"reference": "ref_audio"})
    assert cast_room.load(path).voices["n"].reference == (tmp_path / "lin.wav").resolve()


def test_a_take_is_named_by_model_and_mapping_not_by_host_or_key(configured) -> None:
    one = configured("http://a/v1").fingerprint()
    assert (
        configured(
            "http://b/v1", "https://c/v1", key_env="K", timeout_s=5, concurrency=9, tries=2, format="flac"
        ).fingerprint()
        == one
    )
    others = [
        {"model": "n"},
        {"rate": 22050},
        {"fields": {"speed": None}},
        {"extra": {"a": 1}},
        {"readings": "pinyin"},
        {"voice": "x"},
    ]
    assert len({one, *(configured("http://a/v1", **other).fingerprint() for other in others)}) == 7
    assert one.startswith("m ")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("speech:\n  hosts: [http://h/v1]\n  concurency: 3\n", 3, "Did you mean concurrency"),
        ("speech:\n  hosts: [http://h/v1]\n  concurrency: 0\n", 3, "from 1 to 256"),
        ("speech:\n  hosts: [localhost:8880]\n", 2, "does not begin with http"),
        ("speech:\n  hosts:\n    - http://h/v1\n    - http://me:pass@h/v1\n", 4, "no name, password or key"),
        ("speech:\n  hosts: [http://h/v1, http://h/v1/]\n", 2, "stands twice"),
        ("speech:\n  hosts: []\n", 2, "empty"),
        ("speech:\n  model: m\n", 1, "hosts is missing"),
        ("speech:\n  hosts: http://h/v1\n  fields: {emotoin: a}\n", 3, "Did you mean emotion"),
        ("speech:\n  hosts: http://h/v1\n  fields: {emotion: a..b}\n", 3, "no name"),
        ("speech:\n  hosts: http://h/v1\n  format: mp3\n", 3, "Valid: wav, flac, pcm"),
        ("speach:\n  hosts: http://h/v1\n", 1, "Did you mean speech"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_settings_is_named_with_its_line(configured, text: str, line: int, says: str) -> None:
    configured("http://h/v1")
    Path("shuoshu.yaml").write_text(text, encoding="utf-8")
    config.configured.cache_clear()
    with pytest.raises(CastError) as error:
        config.configured()
    assert error.value.where == f"shuoshu.yaml, line {line}"
    assert says in str(error.value)
    assert "pass" not in str(error.value).replace("password", "")


def test_without_settings_the_error_says_what_to_write(tmp_path: Path) -> None:
    home = {"XDG_CONFIG_HOME": str(tmp_path / "none")}
    ran = shuoshu("doctor", "--engine", "openai", cwd=tmp_path, SHUOSHU_LANG="zh", **home)
    assert ran.returncode == 2
    assert "没有为引擎 openai 指定语音服务" in ran.stderr
    listed = json.loads(shuoshu("engines", "--json", cwd=tmp_path, **home).stdout)
    assert "openai" in {one["name"] for one in listed}, "listed all the same"


def test_doctor_says_of_each_host_whether_it_answers_without_having_anything_spoken(serve, tmp_path: Path) -> None:
    server, refusing, plain = serve(), serve("401"), serve("no list")
    dead = f"http://127.0.0.1:{free_port()}/v1"
    settings = {"hosts": [server.url, dead, refusing.url, plain.url], "model": "m", "key_env": "MY_KEY"}
    (tmp_path / "shuoshu.yaml").write_text(yaml.safe_dump({"speech": settings}), encoding="utf-8")
    ran = shuoshu("doctor", "--engine", "openai", "--json", cwd=tmp_path, MY_KEY=KEY)
    assert ran.returncode == 1
    found = {one["name"]: (one["ok"], one["found"]) for one in json.loads(ran.stdout)}
    assert found[server.url] == (True, "answers, with the model m")
    assert found[dead] == (False, "no server is listening there")
    assert found[refusing.url] == (False, "does not accept the key (HTTP 401)")
    assert found[plain.url] == (True, "answers, without a list of its models")
    assert KEY not in ran.stdout + ran.stderr
    assert not server.at


# --- the HTTP client ---------------------------------------------------------------------------------


def test_a_date_to_come_again_is_read() -> None:
    from email.utils import formatdate

    assert retry_after({"retry-after": "2"}) == 2.0
    later = retry_after({"retry-after": formatdate(time.time() + 90, usegmt=True)})
    assert later is not None
    assert 85 < later <= 91
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None


def test_the_client_gives_up_on_a_connection_sooner_than_on_an_answer() -> None:
    http = Http("", 600.0)
    assert http._http.timeout.connect == 10.0
    assert http._http.timeout.read == 600.0
    http.close()
