"""What the remote engine sends for a line, by its settings; and settings that are wrong."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from pipeline import cast as cast_room
from pipeline.engines.openai import settings as config
from pipeline.engines.openai.engine import OpenAI
from pipeline.engines.openai.request import content, said
from pipeline.engines.openai.settings import FIELDS, Settings
from pipeline.errors import CastError
from pipeline.nouns import Direction, Emotion, Voice
from tests.conftest import shuoshu
from tests.engines.openai.conftest import KEY, TEXTS, Configured, Serve, free_port, lines
from tests.engines.openai.speech_server import RATE, wave_of
from tests.listening.test_listen import parts


def test_a_plain_line_is_sent_as_openai_documents_it(serve: Serve, configured: Configured) -> None:
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

    def body(emotion: Emotion) -> dict[str, Any]:
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


def test_clips_are_uploaded_as_files_of_a_form(serve: Serve, configured: Configured, tmp_path: Path) -> None:
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


def test_what_yaml_takes_for_a_date_is_sent_as_it_is_written(configured: Configured) -> None:
    engine = configured("http://h/v1", extra={"version": date(2026, 1, 31)})
    assert content(lines(1)[0], config.configured())["json"]["version"] == "2026-01-31"
    assert engine.fingerprint()


def test_readings_are_left_out_for_servers_that_cannot_read_them() -> None:
    assert said("他重(chong2)新晕囗(xuan4)了", "plain") == "他重新晕xuan了"


def test_speed_and_duration_are_met_here_where_the_server_cannot(serve: Serve, configured: Configured) -> None:
    server = serve()
    engine = configured(server, fields={"speed": None})
    (fast,) = engine.render(lines(1, speed=1.25))
    assert "speed" not in server.asked[0]
    assert fast.wave.size == round(wave_of(TEXTS[0]).size / 1.25)
    (timed,) = engine.render(lines(1, duration=2.0))
    assert timed.wave.size == 2 * RATE


# --- settings ----------------------------------------------------------------------------------------


def test_what_the_engine_can_do_is_what_the_server_is_told(configured: Configured) -> None:
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
    configured: Configured, tmp_path: Path
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


def test_a_take_is_named_by_model_and_mapping_not_by_host_or_key(configured: Configured) -> None:
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
        ("speech:\n  hosts: http://h/v1\n  extra:\n    a: [.nan]\n", 4, "nothing that JSON can hold"),
        ("speach:\n  hosts: http://h/v1\n", 1, "Did you mean speech"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_settings_is_named_with_its_line(
    configured: Configured, text: str, line: int, says: str
) -> None:
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


def test_doctor_says_of_each_host_whether_it_answers_without_having_anything_spoken(
    serve: Serve, tmp_path: Path
) -> None:
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
