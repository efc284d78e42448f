"""IndexTTS 2.0 (Zhou et al. 2025) behind the engine contract: directions in, waveforms out, in batches."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pipeline.engines.base import Capabilities, Spoken
from pipeline.engines.indextts2 import emotion_text
from pipeline.engines.indextts2.computing import best_device, half_precision, memory_budget, precision, prepare
from pipeline.engines.plausible import SILENT_DBFS, haste, level, syllables
from pipeline.errors import DeviceError, EngineError
from pipeline.files import cache_home
from pipeline.nouns import Direction, Waveform

if TYPE_CHECKING:
    from torch import Tensor

    from pipeline.engines.indextts2.checkpoint import Checkpoint
    from pipeline.engines.indextts2.decoding import Decoded, Sampling
    from pipeline.engines.indextts2.reference import Reference

prepare()  # PyTorch is loaded by what is imported from here on

RATE = 22_050
HOP = 256
CODES_PER_SECOND = 50
FRAMES_PER_CODE = 1.72
"""Mel frames for one code, as the official program has it (22,050 / 256 / 50, cut)."""
LONGEST_CODES = 1500
CODES_PER_PIECE = 25
"""Half a second for one piece of text: more than any speaker needs, so a line that goes on is running away."""
PAUSE_S = 0.2
"""Between the segments of a long line, as in the official program."""
BYTES_PER_FRAME = 64 << 10
"""What a frame of the flow takes at the official size, generously: 512 wide, float32, some thirty of it alive at once."""
FOLDER = "INDEXTTS2_MODEL_DIR"
"""The environment variable that names the checkpoint directory, as for the official program."""


def folder() -> Path:
    """Where the checkpoint lies: $INDEXTTS2_MODEL_DIR, or ``checkpoints`` in the working directory."""
    return Path(os.environ.get(FOLDER, "checkpoints"))


def _checkpoint(where: Path) -> Checkpoint:
    """The checkpoint in that directory. Raises EngineError where what reads it is not installed."""
    try:
        from pipeline.engines.indextts2.checkpoint import Checkpoint
    except ImportError as error:
        raise EngineError(
            f"the engine indextts2 needs {error.name}, which is not installed", fix="pip install 'shuoshu[indextts2]'"
        ) from error
    return Checkpoint(where)


@dataclass(frozen=True, slots=True)
class _Segment:
    """A piece of a direction, ready to be decoded: the direction's place in the batch, and the piece's in the direction."""

    direction: int
    ids: list[int]
    syllables: int
    number: int = 0


class IndexTTS2:
    """The engine. One instance loads the networks once; the directory comes from $INDEXTTS2_MODEL_DIR."""

    name: ClassVar[str] = "indextts2"
    version: ClassVar[str] = "4"
    capabilities: ClassVar[Capabilities] = Capabilities(
        sample_rate=RATE, languages=frozenset({"zh", "en"}), clones=True, emotions=frozenset({"weights", "words", "reference"}),
        duration=True, pinyin=True, deterministic=True, seeded=True, max_characters=2000, processes_per_device=1,
        pace=(0.75, 1.3), batch_size=64, parameters={
            "temperature": ("float", 0.1, 2.0), "top_p": ("float", 0.05, 1.0), "top_k": ("int", 0, 100),
            "repetition_penalty": ("float", 1.0, 20.0), "beams": ("int", 1, 10),
        },
    )  # fmt: skip

    def fingerprint(self) -> str:
        """The checkpoint's, see `Checkpoint.fingerprint`, and what it is computed in, which may differ from machine to machine.
        Raises EngineError without a checkpoint or without PyTorch."""
        return f"indextts2 {_checkpoint(folder()).fingerprint()} {precision(best_device())}"

    def reader(self) -> str:
        """The model that reads emotion words; see `emotion_text.fingerprint`. "" without one: then the lexicon does."""
        return emotion_text.fingerprint(folder())

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        """Speak directions, sorted by what they need. Raises EngineError naming the line for one that cannot be spoken."""
        yield from self._models.render(batch)

    def close(self) -> None:
        """Free the networks."""
        self.__dict__.pop("_models", None)

    @cached_property
    def _models(self) -> Models:
        return Models(folder())


class Models:
    """The loaded networks of one checkpoint on one device."""

    def __init__(self, where: Path, device: str | None = None) -> None:
        checkpoint = _checkpoint(where)
        import torch

        from pipeline.engines.indextts2.reference import Listener

        kept = cache_home() / "indextts2" / f"{checkpoint.fingerprint()}-{IndexTTS2.version}"
        self.checkpoint = checkpoint
        self.device = torch.device(device) if device else best_device()
        self.tokenizer = checkpoint.tokenizer()
        self.speaker = checkpoint.text_to_semantic().to(self.device)
        self.painter = checkpoint.semantic_to_mel().to(self.device)
        self.vocoder = checkpoint.vocoder().to(self.device)
        self.meanings = checkpoint.semantic_codec().table().detach().to(self.device)
        self.styles, self.vectors = checkpoint.emotions()
        self.listener = Listener(checkpoint, self.speaker, self.painter, self.device, kept)
        self.half = half_precision(self.device)
        if self.half:
            self.speaker.decode_in(self.half)
        elif self.device.type == "cpu":
            self.speaker.pack()

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        """See `IndexTTS2.render`. A batch that does not fit the device's memory is halved, and its halves after it.

        A line is decoded alike in any batch, up to rounding (see `decoding`), so that halving is not heard. Raises DeviceError
        for one line alone that does not fit.
        """
        import torch

        waiting, mute = [list(range(len(batch)))], list[str]()
        while waiting:
            part = waiting.pop()
            try:
                spoken, without = self._rendered([batch[at] for at in part])
            except torch.OutOfMemoryError as error:
                if len(part) == 1:
                    line = batch[part[0]].line_id
                    raise DeviceError(
                        f"line {line} does not fit the memory of {self.device}", line=line,
                        fix="Free the device's memory, split the line, or render on the CPU (CUDA_VISIBLE_DEVICES=).",
                    ) from error  # fmt: skip
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
            else:
                yield from (Spoken(part[one.index], one.wave, one.doubts) for one in spoken)
                mute += without
                continue
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
        if mute:  # said when all others are done: they are not to be decoded again
            raise EngineError(
                f"line {mute[0]}: the model ended before it began",
                fix="Render it again with another seed.",
                line=mute[0],
            )

    def _rendered(self, batch: Sequence[Direction]) -> tuple[list[Spoken], list[str]]:
        """The directions as spoken, and the lines for which the model had no code at all."""
        import torch

        segments = [segment for index, direction in enumerate(batch) for segment in self._segments(index, direction)]
        voices = [self._voice(direction) for direction in batch]
        read = self._read(batch)
        feelings = [self._feeling(direction, voice, read) for direction, voice in zip(batch, voices, strict=True)]
        with torch.inference_mode():
            prompts = [
                self.speaker.prompt(
                    voices[one.direction].timbre, feelings[one.direction], torch.tensor(one.ids, device=self.device)
                )
                for one in segments
            ]
            decoded = self._decoded(batch, segments, prompts)
            mute = {one.direction for one, codes in zip(segments, decoded, strict=True) if not len(codes.codes)}
            heard = [at for at, one in enumerate(segments) if one.direction not in mute]
            segments, prompts = [segments[at] for at in heard], [prompts[at] for at in heard]
            decoded = [decoded[at] for at in heard]
            latents = self._latents(prompts, decoded)
            waves = self._waves(batch, voices, segments, decoded, latents)
        found = []
        for index, direction in enumerate(batch):
            if index in mute:
                continue
            mine = [at for at, one in enumerate(segments) if one.direction == index]
            doubts = [doubt for at in mine for doubt in signals(segments[at], decoded[at], waves[at])]
            found.append(Spoken(index, _joined([waves[at] for at in mine], direction), tuple(dict.fromkeys(doubts))))
        return found, [batch[index].line_id for index in sorted(mute)]

    def _segments(self, index: int, direction: Direction) -> list[_Segment]:
        from pipeline.engines.indextts2.text import segments

        pieces = self.tokenizer.pieces(direction.text)
        parts = [part for part in segments(pieces) if self.tokenizer.ids(part)]
        found = [
            _Segment(index, self.tokenizer.ids(part), syllables("".join(part)), number)
            for number, part in enumerate(parts)
        ]
        if not found:
            raise EngineError(
                f"line {direction.line_id} has nothing to speak: {direction.text!r}", fix="Give it words.",
                line=direction.line_id,
            )  # fmt: skip
        return found

    def _voice(self, direction: Direction) -> Reference:
        voice = direction.voice
        if voice.reference is None:
            raise EngineError(
                f"line {direction.line_id}: voice {voice.name!r} has no reference clip, and this engine speaks by one",
                fix="Give the voice a reference of 5 seconds or more in the cast file.",
            )
        return self.listener.hear(voice.reference, voice.reference_sha256)

    def _read(self, batch: Sequence[Direction]) -> Mapping[str, emotion_text.Weights]:
        """The emotion words of a batch and what they mean; nothing where the checkpoint has no model that reads them."""
        wordings = {direction.emotion.words for direction in batch} - {""}
        return self._reader.read(wordings) if wordings and self._reader else {}

    @cached_property
    def _reader(self) -> emotion_text.EmotionReader | None:
        where = self.checkpoint.folder
        return emotion_text.EmotionReader(where, self.device) if emotion_text.fingerprint(where) else None

    def _feeling(self, direction: Direction, voice: Reference, read: Mapping[str, emotion_text.Weights]) -> Tensor:
        from pipeline.engines.indextts2 import feeling

        asked = direction.emotion
        if asked.reference is not None:
            other = self.listener.hear(asked.reference, asked.reference_sha256)
            return feeling.blended(voice.emotion, other.emotion, asked.strength)
        if asked.words in read:
            weights = feeling.scaled(read[asked.words], asked.strength, asked.limit)
        elif asked.weights:
            weights = feeling.bounded(asked.weights)
        else:
            return voice.emotion
        return feeling.weighed(voice.emotion, weights, voice.style, self.styles, self.vectors)

    def _decoded(self, batch: Sequence[Direction], segments: list[_Segment], prompts: list[Tensor]) -> list[Decoded]:
        from pipeline.engines.indextts2.beams import BeamDecoder
        from pipeline.engines.indextts2.decoding import Decoder, Wish

        most = self.speaker.options["max_mel_tokens"] - 2
        wishes = [
            Wish(
                prompt,
                chance(batch[one.direction], one.number, "codes"),
                min(LONGEST_CODES, most, 50 + CODES_PER_PIECE * len(one.ids)),
            )
            for one, prompt in zip(segments, prompts, strict=True)
        ]
        order = sorted(range(len(wishes)), key=lambda at: -wishes[at].longest)  # long ones first: rows end together
        room = max(len(wish.prompt) + wish.longest for wish in wishes) + 16
        alike: dict[Sampling, list[int]] = {}
        for at in order:
            alike.setdefault(_sampling(batch[segments[at].direction]), []).append(at)
        found: dict[int, Decoded] = {}
        for sampling, places in alike.items():
            rows = min(self._rows(room), sampling.beams * len(places))
            decoder = (
                Decoder(self.speaker, rows, room, sampling)
                if sampling.beams == 1
                else BeamDecoder(self.speaker, max(1, rows // sampling.beams), room, sampling)
            )
            found |= {places[one.index]: one for one in decoder.decode([wishes[at] for at in places])}
        return [found[at] for at in range(len(wishes))]

    def _latents(self, prompts: list[Tensor], decoded: list[Decoded]) -> list[Tensor]:
        known = [one.latents for one in decoded if one.latents is not None]
        if len(known) == len(decoded):
            return known
        return self.speaker.latents(prompts, [one.codes for one in decoded], alone=self.device.type != "cuda")

    def _rows(self, room: int) -> int:
        """Lines decoded at once: as many caches of `room` places as half the memory holds, at most 256; 16 on a CPU."""
        if self.device.type != "cuda":
            return 16
        options, weight = self.speaker.options, self.speaker.final_norm.weight
        row = 2 * options["layers"] * room * weight.numel() * weight.element_size()
        return max(1, min(256, memory_budget(self.device) // 2 // row))

    def _frames_at_once(self) -> int:
        """Frames of the flow at once, both halves of the guidance counted; 1 = each line alone. A CPU is filled by one line,
        and alone the same codes come out as the same sound to the last bit, whatever else is rendered."""
        if self.device.type != "cuda":
            return 1
        return max(1 << 12, min(1 << 19, memory_budget(self.device) // 2 // BYTES_PER_FRAME))

    def _waves(
        self, batch: Sequence[Direction], voices: list[Reference], segments: list[_Segment], decoded: list[Decoded],
        latents: list[Tensor],
    ) -> list[Waveform]:  # fmt: skip
        import torch

        from pipeline.engines.indextts2.flow import mels

        if not segments:
            return []
        frames = _frames(batch, segments, decoded)
        noise, contents = [], []
        for one, codes, latent, count in zip(segments, decoded, latents, frames, strict=True):
            voice = voices[one.direction]
            content = self.painter.content(latent.float(), self.meanings[codes.codes], count)
            contents.append(torch.cat([voice.prompt, content]))
            drawn = torch.Generator().manual_seed(chance(batch[one.direction], one.number, "noise"))
            noise.append(torch.randn(len(voice.mel), len(contents[-1]), generator=drawn).to(self.device))
        with torch.autocast(self.device.type, self.half, enabled=self.half is not None):
            found = mels(
                self.painter.estimator, noise, [voices[one.direction].mel for one in segments],
                torch.stack([voices[one.direction].style for one in segments]), contents, most=self._frames_at_once(),
            )  # fmt: skip
        return [wave.float().cpu().numpy() for wave in self.vocoder.speak(found)]


def _sampling(direction: Direction) -> Sampling:
    """The options that the line's voice sets in the cast file, checked there against `capabilities`."""
    from pipeline.engines.indextts2.decoding import Sampling

    own: dict[str, Any] = dict(direction.voice.parameters)
    return replace(Sampling(), **own)


def chance(direction: Direction, segment: int, what: str) -> int:
    """The seed, in [0, 2**63), of one segment's draws of a kind: from the line's seed, which most lines have in common, and its
    text, so that lines do not share their luck, and the same line has the same wherever it is rendered."""
    told = f"{direction.seed} {segment} {what} {direction.text}"
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:8]) >> 1


def signals(segment: _Segment, decoded: Decoded, wave: Waveform) -> list[str]:
    """What the model's own signs say of a segment: "runaway" where it never ended by itself or takes too long over its
    syllables, "truncated" where it ended too soon for them, "silent" where nothing is to be heard. A long line hides in its
    length what is wrong with one segment; here each is looked at alone, and before any stretching."""
    hurried = haste(segment.syllables, len(decoded.codes) / CODES_PER_SECOND)
    found = [hurried if decoded.stopped else "runaway", "silent" if level(wave) < SILENT_DBFS else ""]
    return [one for one in found if one]


def _frames(batch: Sequence[Direction], segments: list[_Segment], decoded: list[Decoded]) -> list[int]:
    """Mel frames of each segment: by its codes and the line's speed, or shared out of the line's wished seconds."""
    counts = [max(1, int(len(one.codes) * FRAMES_PER_CODE)) for one in decoded]
    for index, direction in enumerate(batch):
        mine = [at for at, one in enumerate(segments) if one.direction == index]
        if direction.duration is None:
            for at in mine:
                counts[at] = max(1, round(counts[at] / direction.speed))
            continue
        whole = direction.duration * RATE / HOP - (len(mine) - 1) * round(PAUSE_S * RATE) / HOP
        total, given, before = sum(counts[at] for at in mine), 0, 0
        for at in mine:
            before += counts[at]
            upto = max(round(whole * before / total), given + 1)
            counts[at], given = upto - given, upto
    return counts


def _joined(parts: Sequence[Waveform], direction: Direction) -> Waveform:
    """Segments with a pause between; where a duration is wished, exact to the sample."""
    pause = np.zeros(round(PAUSE_S * RATE), np.float32)
    wave = np.concatenate([part for one in parts for part in (pause, one)][1:])
    if direction.duration is None:
        return wave
    frames = max(1, round(direction.duration * RATE))
    return np.pad(wave[:frames], (0, max(0, frames - len(wave))))
