"""The engine behind its contract: directions in, waveforms out; a broken checkpoint or clip is a clear error."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from pipeline.cast.clips import clip_hash
from pipeline.engines.indextts2 import features
from pipeline.engines.indextts2.checkpoint import FILES, Checkpoint
from pipeline.engines.indextts2.decoding import Decoded
from pipeline.engines.indextts2.engine import IndexTTS2, Models, _frames, _Segment, signals
from pipeline.engines.indextts2.feeling import bounded
from pipeline.engines.indextts2.text import prepared, segments, syllable
from pipeline.errors import CastError, EngineError
from pipeline.files import sha256_file
from pipeline.nouns import Direction, Emotion, Voice, Waveform


def _direction(clip: Path, text: str = "天快黑了,河边一个人也没有.", **more: object) -> Direction:
    voice = Voice(clip.stem, "indextts2", {}, clip, sha256_file(clip))
    return replace(Direction("c01-1", text, "zh", voice), **more)  # type: ignore[arg-type]


def _spoken(models: Models, *directions: Direction) -> list[Waveform]:
    found = {one.index: one.wave for one in models.render(directions)}
    return [found[at] for at in range(len(directions))]


# --- sound ----------------------------------------------------------------------------------------


def test_a_batch_sounds_as_its_lines_alone(models: Models, clips: list[Path]) -> None:
    batch = [
        _direction(clips[0]),
        _direction(clips[1], "重(chong2)新 Rain fell.", emotion=Emotion(weights=(0, 0.7, 0, 0, 0, 0, 0, 0)), seed=4),
        _direction(
            clips[0],
            "她笑了笑.",
            emotion=Emotion(reference=clips[1], reference_sha256=sha256_file(clips[1]), strength=0.5),
        ),
    ]
    for together, one in zip(_spoken(models, *batch), batch, strict=True):
        alone = _spoken(models, one)[0]
        assert together.shape == alone.shape
        assert np.abs(together - alone).max() <= 1e-4 * np.abs(alone).max()


def test_the_same_twice_to_the_byte(models: Models, clips: list[Path]) -> None:
    first, second = (_spoken(models, _direction(clips[0], seed=9))[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_two_hundred_lengths_are_met(models: Models, clips: list[Path]) -> None:
    """Wishes between half and twice a line's own length: within one mel frame (256 samples) before the cut, exact after."""
    own = len(_spoken(models, _direction(clips[0]))[0]) / 22050
    wishes = [round(own * ratio, 4) for ratio in np.random.default_rng(7).uniform(0.5, 2, 200)]
    batch = [_direction(clips[0], duration=wish) for wish in wishes]
    [codes] = models._decoded(batch[:1], models._segments(0, batch[0]), [_prompt(models, batch[0])])
    for wish, direction in zip(wishes, batch, strict=True):
        [frames] = _frames([direction], models._segments(0, direction), [codes])
        assert abs(frames * 256 - wish * 22050) <= 256
    spoken = _spoken(models, *batch[:6])  # the sound of all would take minutes
    assert [len(wave) for wave in spoken] == [round(wish * 22050) for wish in wishes[:6]]


def _prompt(models: Models, direction: Direction) -> torch.Tensor:
    voice = models._voice(direction)
    ids = torch.tensor(models._segments(0, direction)[0].ids)
    return models.speaker.prompt(voice.timbre, models._feeling(direction, voice, {}), ids)


def test_a_batch_that_does_not_fit_is_halved(
    models: Models, clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device has room for two lines: five are spoken in parts, and sound as they would together."""
    batch = [_direction(clips[0], seed=at) for at in range(5)]
    together = _spoken(models, *batch)
    rendered, sizes = models._rendered, []

    def small(part: list[Direction]) -> object:
        sizes.append(len(part))
        if len(part) > 2 or any(one.line_id == "too long" for one in part):
            raise torch.OutOfMemoryError("out of memory")
        return rendered(part)

    monkeypatch.setattr(models, "_rendered", small)
    for one, other in zip(_spoken(models, *batch), together, strict=True):
        assert np.abs(one - other).max() <= 1e-4 * np.abs(other).max()
    assert sizes == [5, 2, 3, 1, 2]
    with pytest.raises(EngineError, match="line too long does not fit the memory"):
        _spoken(models, batch[0], replace(batch[1], line_id="too long"))


@pytest.mark.parametrize("text", ["重(xyz9)新", "天" * 300, "\U0001f600天", "A" * 300])
def test_odd_texts_are_spoken(models: Models, clips: list[Path], text: str) -> None:
    assert np.isfinite(_spoken(models, _direction(clips[0], text, duration=3.0))[0]).all()


def test_voice_seed_and_emotion_are_heard(models: Models, clips: list[Path]) -> None:
    plain = _spoken(models, _direction(clips[0]))[0]
    others = _spoken(
        models, _direction(clips[1]), _direction(clips[0], seed=1),
        _direction(clips[0], emotion=Emotion(weights=(0.9, 0, 0, 0, 0, 0, 0, 0))),
    )  # fmt: skip
    assert all(one.tobytes() != plain.tobytes() for one in others)


def test_wished_seconds_are_met_to_the_sample(models: Models, clips: list[Path]) -> None:
    wishes = [0.4, 0.733, 1.0, 1.618, 2.5, 3.14159]
    waves = _spoken(models, *(_direction(clips[0], duration=one) for one in wishes))
    assert [len(one) for one in waves] == [round(one * 22050) for one in wishes]
    assert all(np.abs(one[-512:]).max() > 0 for one in waves)  # sound to the end, not a padded tail


def test_speed_is_a_ratio_of_length(models: Models, clips: list[Path]) -> None:
    plain, fast, slow = (len(_spoken(models, _direction(clips[0], speed=one))[0]) for one in (1.0, 2.0, 0.5))
    assert abs(fast - plain / 2) <= 256
    assert abs(slow - plain * 2) <= 256


def test_a_long_line_is_spoken_in_segments(models: Models, clips: list[Path]) -> None:
    wave = _spoken(models, _direction(clips[0], "天快黑了,河边一个人也没有." * 24, duration=6.0))[0]
    assert len(wave) == 6 * 22050
    silent = np.abs(wave) == 0
    assert silent.sum() >= 0.2 * 22050  # the pause between them


def test_a_clip_is_heard_once_and_kept(
    checkpoint: Path, clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = _spoken(Models(checkpoint, "cpu"), _direction(clips[0]))[0]
    assert [one.name for one in tmp_path.glob("shuoshu/indextts2/*/*")] == [f"{sha256_file(clips[0])}.safetensors"]
    again = Models(checkpoint, "cpu")
    second = _spoken(again, _direction(clips[0]))[0]
    assert again.listener._encoder is None  # nothing was listened to
    assert np.abs(first - second).max() <= 1e-6


@pytest.mark.parametrize("damage", ["cut", "other names", "text", "nan", "empty"])
def test_a_kept_clip_that_is_damaged_is_heard_again(
    checkpoint: Path, clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    from safetensors.torch import load_file, save_file

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    sha256 = sha256_file(clips[0])
    whole = Models(checkpoint, "cpu").listener.hear(clips[0], sha256).parts()
    [kept] = tmp_path.glob("shuoshu/indextts2/*/*")
    data, parts = kept.read_bytes(), load_file(kept)
    if damage == "other names":
        save_file({"timbre": parts["timbre"]}, kept)
    elif damage == "nan":
        save_file({**parts, "style": parts["style"] * torch.nan}, kept)
    else:
        kept.write_bytes({"cut": data[: len(data) // 2], "text": b"not tensors", "empty": b""}[damage])
    again = Models(checkpoint, "cpu").listener.hear(clips[0], sha256).parts()
    assert all(torch.equal(part, again[name]) for name, part in whole.items())
    assert kept.read_bytes() == data, "and kept whole"
    assert list(kept.parent.iterdir()) == [kept], "nothing half-written beside it"


def test_a_clip_replaced_since_it_was_planned_with_is_refused(
    checkpoint: Path, clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every later line of the first clip would be spoken by the second."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    voice = tmp_path / "voice.wav"
    shutil.copy(clips[0], voice)
    direction = _direction(voice)
    shutil.copy(clips[1], voice)
    with pytest.raises(EngineError, match="was replaced"):
        _spoken(Models(checkpoint, "cpu"), direction)
    assert not list(tmp_path.glob("cache/shuoshu/indextts2/*/*"))
    voice.unlink()
    with pytest.raises(EngineError, match="cannot be read"):
        _spoken(Models(checkpoint, "cpu"), direction)


def test_a_clip_that_the_cast_takes_is_heard(models: Models, clips: list[Path], tmp_path: Path) -> None:
    """M4A is read by ffmpeg, in both places."""
    import av

    wave, rate = soundfile.read(clips[0], dtype="float32")
    with av.open(tmp_path / "voice.m4a", "w") as container:
        stream = container.add_stream("aac", rate=rate, layout="mono")
        for at in range(0, len(wave), 1024):
            frame = av.AudioFrame.from_ndarray(wave[None, at : at + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert models.listener.hear(tmp_path / "voice.m4a", clip_hash(tmp_path / "voice.m4a")).mel.isfinite().all()
    heard, plain = features.clip(tmp_path / "voice.m4a"), features.clip(clips[0])
    length = min(len(heard), len(plain))
    assert abs(len(heard) - len(plain)) <= 2048
    assert np.corrcoef(heard[:length], plain[:length])[0, 1] > 0.9
    (tmp_path / "cut.m4a").write_bytes((tmp_path / "voice.m4a").read_bytes()[:3000])
    with pytest.raises(CastError, match="not audio"):
        clip_hash(tmp_path / "cut.m4a")
    with pytest.raises(EngineError, match="cannot be read"):
        _spoken(models, _direction(tmp_path / "cut.m4a"))


def test_a_word_in_a_full_batch_sounds_as_alone(models: Models, clips: list[Path]) -> None:
    """The noise that padded batches bring to short lines elsewhere: here it is the same line, to the last bit."""
    long = "天快黑了,河边一个人也没有,只有风吹着芦苇,沙沙地响个不停,远处的灯一盏一盏亮了起来."
    short = _direction(clips[1], "好.", seed=2)
    alone = _spoken(models, short)[0]
    for batch in ([_direction(clips[0], long), short], [short, _direction(clips[0], long, seed=1), short]):
        together = _spoken(models, *batch)[batch.index(short)]
        assert together.tobytes() == alone.tobytes()


# --- text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("重(chong2)新", "CHONG2 新"), ("晕囗(xuan4)了", "晕 XVAN4 了"), ("学(xue2)会", "XVE2 会"), ("绿(lü4)色", "LV4 色"), ("Rain，停了。", "RAIN, 停 了 ."),
        ("“好”……", "' 好 '……"), ("100㎡", "100 ㎡"),
        ("她說:頭髮後來長了", "她 说 , 头 发 后 来 长 了"), ("乾隆", "乾 隆"), ("他看著書", "他 看 着 书"), ("跟著她,睡著(zhao2)了", "跟 着 她 , 睡 ZHAO2 了"),
        ("笑著談論著什麼", "笑 着 谈 论 着 什 么"), ("原著", "原 著"), ("顯著", "显 著"), ("見微知著", "见 微 知 著"), ("他在家著书", "他 在 家 著 书"),
    ],
)  # fmt: skip
def test_spelling_of_the_vocabulary(text: str, spelled: str) -> None:
    assert prepared(text) == spelled


def test_j_q_x_take_v() -> None:
    assert [syllable(one) for one in ("ju4", "quan2", "xu1", "nü3", "wu3")] == ["JV4", "QVAN2", "XV1", "NV3", "WU3"]


def test_segments_lose_nothing_and_are_short() -> None:
    pieces = [piece for number in range(90) for piece in (f"▁{number}", "字", ",")] + ["字"] * 300
    cut = segments(pieces)
    assert [piece for one in cut for piece in one] == pieces
    assert max(map(len, cut)) <= 120


def test_a_dash_cuts_inside_a_word_only() -> None:
    assert segments(["▁A", "-", "B", "▁-", "C"], 3) == [["▁A", "-"], ["B", "▁-", "C"]]


def test_emotions_are_bounded_as_officially() -> None:
    assert bounded((1, 0, 0, 0, 0, 0, 0, 0)) == pytest.approx((0.8, 0, 0, 0, 0, 0, 0, 0))
    assert bounded((0, 0, 0.5, 0, 0, 0, 0, 0.4)) == pytest.approx((0, 0, 0.5, 0, 0, 0, 0, 0.225))
    assert sum(bounded((1,) * 8)) == pytest.approx(0.8)


# --- errors ---------------------------------------------------------------------------------------


@pytest.fixture
def copy(checkpoint: Path, tmp_path: Path) -> Path:
    shutil.copytree(checkpoint, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(EngineError, match=Path(name).name) as caught:
        Models(copy, "cpu")
    assert "download" in caught.value.fix


@pytest.mark.parametrize(
    "name", ["gpt.pth", "s2mel.pth", "hf_cache/semantic_codec_model.safetensors", "feat1.pt", "bpe.model"]
)
def test_a_truncated_file_is_an_error(copy: Path, name: str) -> None:
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(EngineError, match="cannot be read") as caught:
        Models(copy, "cpu")
    assert name in caught.value.where


def test_wrong_shapes_and_names_are_listed(copy: Path) -> None:
    state = torch.load(copy / "gpt.pth", weights_only=True)
    state["final_norm.weight"] = torch.zeros(5)
    state["surprise"] = state.pop("final_norm.bias")
    torch.save(state, copy / "gpt.pth")
    with pytest.raises(EngineError) as caught:
        Checkpoint(copy).text_to_semantic()
    for part in ("missing final_norm.bias", "unexpected surprise", "final_norm.weight is (5,), not (64,)"):
        assert part in caught.value.what


def test_weights_of_the_clips_reader_are_all_there(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = copy / "hf_cache/w2v-bert-2.0/model.safetensors"
    state = load_file(path)
    state["encoder.layers.3.ffn1.wrong"] = state.pop("encoder.layers.3.ffn1.output_dense.weight")
    state["feature_projection.projection.bias"] = torch.zeros(5)
    del state["encoder.layers.17.ffn1.output_dense.weight"]  # behind the layer that is read
    save_file(state, path)
    with pytest.raises(EngineError) as caught:
        Models(copy, "cpu").listener.hear(path, sha256_file(path))
    for part in (
        "missing encoder.layers.3.ffn1.output_dense.weight",
        "unexpected encoder.layers.3.ffn1.wrong",
        "is (5,)",
    ):
        assert part in caught.value.what
    assert "layers.17" not in caught.value.what
    [wrong] = [what for name, what, _ in Checkpoint(copy).findings() if name.endswith("2.0/model.safetensors")]
    assert wrong == caught.value.what


@pytest.mark.parametrize(
    ("content", "wrong"),
    [("{", "cannot be read"), ("[1]", "cannot be read"), ('{"num_mel_bins": 40}', "num_mel_bins is 40, not 80")],
)
def test_what_prepares_clips_must_be_what_the_encoder_was_trained_on(copy: Path, content: str, wrong: str) -> None:
    path = copy / "hf_cache/w2v-bert-2.0/preprocessor_config.json"
    path.write_text(content)
    with pytest.raises(EngineError, match=wrong) as caught:
        Models(copy, "cpu").listener.hear(path, sha256_file(path))
    assert caught.value.where == str(path)
    assert wrong in {name: what for name, what, _ in Checkpoint(copy).findings()}[str(path.relative_to(copy))]


class _Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("name", ["gpt.pth", "s2mel.pth", "feat2.pt", "hf_cache/campplus_cn_common.bin"])
def test_a_pickle_with_code_is_refused_unexecuted(copy: Path, tmp_path: Path, name: str) -> None:
    mark = tmp_path / "executed"
    for write in (torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))):
        write(_Evil(mark), copy / name)
        with pytest.raises(EngineError):
            Checkpoint(copy).tensors(name)
        assert not mark.exists()


def test_a_line_without_words_or_voice(models: Models, clips: list[Path]) -> None:
    with pytest.raises(EngineError, match="c01-1 has nothing to speak"):
        _spoken(models, _direction(clips[0], " "))
    with pytest.raises(EngineError, match="no reference clip"):
        _spoken(models, replace(_direction(clips[0]), voice=Voice("nobody", "indextts2")))


def test_clips_of_all_kinds(models: Models, clips: list[Path], tmp_path: Path) -> None:
    wave, rate = soundfile.read(clips[0], dtype="float32")
    kinds = {"stereo.wav": (np.stack([wave, wave], 1), rate), "low.wav": (wave[::3].copy(), 7350), "voice.mp3": (wave, rate),
             "long.flac": (np.tile(wave, 10), rate)}  # fmt: skip
    for name, (sound, at) in kinds.items():
        soundfile.write(tmp_path / name, sound, at)
        assert np.isfinite(_spoken(models, _direction(tmp_path / name))[0]).all()
    (tmp_path / "text.wav").write_text("not audio")
    with pytest.raises(EngineError, match="cannot be read"):
        _spoken(models, _direction(tmp_path / "text.wav"))
    soundfile.write(tmp_path / "broken.wav", np.where(np.arange(len(wave)) == 9, np.nan, wave), rate, subtype="FLOAT")
    with pytest.raises(EngineError, match="no numbers"):
        _spoken(models, _direction(tmp_path / "broken.wav"))


def test_fingerprint_changes_with_the_weights(environment: Path, copy: Path) -> None:
    assert IndexTTS2().fingerprint() == f"indextts2 {Checkpoint(copy).fingerprint()} float32"
    before = Checkpoint(copy).fingerprint()
    state = torch.load(copy / "gpt.pth", weights_only=True)
    state["final_norm.bias"][0] += 1  # same names, same sizes
    torch.save(state, copy / "gpt.pth")
    assert Checkpoint(copy).fingerprint() != before


def test_a_line_without_codes_leaves_the_others_their_sound(
    models: Models, clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [_direction(clips[0], line_id=f"c01-{at}", text="雨停了." * (at + 1)) for at in range(4)]
    whole, decode = _spoken(models, *batch), models._decoded

    def some(asked: list[Direction], segments: list[_Segment], prompts: list[torch.Tensor]) -> list[Decoded]:
        found = decode(asked, segments, prompts)
        return [
            replace(one, codes=one.codes[:0]) if asked[segments[at].direction].line_id in ("c01-1", "c01-3") else one
            for at, one in enumerate(found)
        ]

    monkeypatch.setattr(models, "_decoded", some)
    spoken = models.render(batch)
    for index in (0, 2):
        one = next(spoken)
        assert (one.index, one.wave.tobytes()) == (index, whole[index].tobytes())
    with pytest.raises(EngineError, match="line c01-1: the model ended before it began") as caught:
        next(spoken)
    assert caught.value.line == "c01-1"
    with pytest.raises(EngineError, match="c01-3"):
        next(models.render(batch[3:]))


# --- what the model itself says of a take ----------------------------------------------------------


def _segment(syllables: int) -> _Segment:
    return _Segment(0, [2] * syllables, syllables)


@pytest.mark.parametrize(
    ("syllables", "codes", "stopped", "doubts"),
    [
        (12, 120, True, []),
        (12, 350, False, ["runaway"]),  # no stop code within what the text allows
        (12, 30, True, ["truncated"]),  # twenty syllables a second
        (12, 900, True, ["runaway"]),  # stopped at last, a syllable in 1.5 s
        (2, 10, True, []),  # ten syllables a second: too few to say
        (2, 6, True, ["truncated"]),  # 0.12 s: no two syllables fit
        (1, 3, True, ["truncated"]),
        (1, 100, True, []),
        (1, 110, True, ["runaway"]),  # over two seconds for one
        (3, 210, True, ["runaway"]),
        (0, 2, True, []),  # no syllable that can be counted
    ],
)
def test_a_segment_that_runs_on_or_breaks_off_is_doubted(
    syllables: int, codes: int, stopped: bool, doubts: list[str]
) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 2000).astype(np.float32)
    assert signals(_segment(syllables), Decoded(0, torch.zeros(codes), stopped), sound) == doubts


def test_a_silent_segment_is_doubted() -> None:
    assert signals(_segment(8), Decoded(0, torch.zeros(80), True), np.zeros(2000, np.float32)) == ["silent"]


def test_the_engine_says_what_it_doubts(models: Models, clips: list[Path]) -> None:
    head = models.speaker.mel_head
    bias = head.bias.data.clone()
    try:
        head.bias.data[models.speaker.options["stop_mel_token"]] = -50.0
        assert next(models.render([_direction(clips[0], "雨停了.")])).doubts == ("runaway",)
    finally:
        head.bias.data.copy_(bias)
