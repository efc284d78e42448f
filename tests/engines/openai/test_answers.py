"""What the remote engine takes for speech, and what never, against real servers in every weather."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from pipeline.errors import EngineError
from tests.conftest import SMALL, shuoshu
from tests.engines.openai.conftest import KEY, TEXTS, Configured, Serve, free_port, lines, same
from tests.engines.openai.speech_server import wave_of


@pytest.mark.parametrize("mode", ["well", "flac", "float", "deep", "stereo", "streamed", "old", "pcm"])
def test_speech_is_taken_for_what_it_is_whatever_was_asked_and_headers_claim(
    serve: Serve, configured: Configured, mode: str
) -> None:
    server = serve(mode)
    asked = lines()
    found = list(configured(server, format="pcm" if mode == "pcm" else "wav").render(asked))
    assert sorted(one.index for one in found) == list(range(6))
    assert all(same(one, asked[one.index].text) for one in found)
    assert not any(one.doubts for one in found)


def test_another_sample_rate_becomes_the_engines_own(serve: Serve, configured: Configured) -> None:
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
def test_no_answer_that_is_not_whole_is_ever_taken(serve: Serve, configured: Configured, mode: str, says: str) -> None:
    server = serve(mode)
    pcm = mode in ("odd", "moved", "page", "json")
    engine = configured(server, tries=2, timeout_s=1 if mode == "drip" else 30, format="pcm" if pcm else "wav")
    with pytest.raises(EngineError, match=says) as error:
        list(engine.render(lines(1)))
    assert "c01-0" in str(error.value)
    assert server.url in str(error.value)
    assert len(server.at) == 2, "tried again, and no oftener than allowed"


def test_a_small_book_completes_in_bad_weather_and_the_key_is_nowhere(serve: Serve, tmp_path: Path) -> None:
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


def test_what_breaks_off_in_a_sound_is_asked_for_again_and_kept_with_a_flag(
    serve: Serve, configured: Configured
) -> None:
    server = serve("streamed abrupt")
    (one,) = configured(server).render(lines(1))
    assert one.doubts == ("truncated",)
    assert len(server.at) == 2
    server = serve()
    server.weather = lambda number: "streamed abrupt" if number == 0 else "streamed"
    (one,) = configured(server).render(lines(1))
    assert same(one, TEXTS[0])
    assert not one.doubts


def test_a_take_far_longer_than_its_text_is_asked_for_again_and_kept_with_a_flag(
    serve: Serve, configured: Configured
) -> None:
    server = serve()
    server.weather = lambda number: "long" if number < 2 else "well"
    (one,) = configured(server).render(lines(1))
    assert one.doubts == ("runaway",)
    assert len(server.at) == 2
