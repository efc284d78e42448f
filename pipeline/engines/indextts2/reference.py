"""What a reference clip gives: who speaks, how it feels, and the beginning that the sound goes on from.

Computed once a clip and kept on disk by the clip's content and the checkpoint's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from pipeline.engines.indextts2 import features
from pipeline.engines.indextts2.checkpoint import Checkpoint
from pipeline.engines.indextts2.features import HEARD_RATE, RATE, SemanticEncoder
from pipeline.engines.indextts2.semantic_to_mel import SemanticToMel
from pipeline.engines.indextts2.text_to_semantic import TextToSemantic
from pipeline.errors import EngineError
from pipeline.files import written_beside


@dataclass(frozen=True, slots=True)
class Reference:
    """timbre (32, width); emotion (width,); style (192,); mel (80, P) and what it means, prompt (P, 512)."""

    timbre: Tensor
    emotion: Tensor
    style: Tensor
    mel: Tensor
    prompt: Tensor

    def parts(self) -> dict[str, Tensor]:
        """Its tensors by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to(self, device: torch.device) -> Reference:
        return Reference(**{name: part.to(device) for name, part in self.parts().items()})


class Listener:
    """Listens to clips. Its networks (w2v-bert, codec, speaker encoder) are loaded for the first clip that is not kept yet."""

    def __init__(
        self, checkpoint: Checkpoint, speaker: TextToSemantic, painter: SemanticToMel, device: torch.device,
        folder: Path,
    ) -> None:  # fmt: skip
        self.checkpoint, self.speaker, self.painter, self.device = checkpoint, speaker, painter, device
        self.folder = folder
        self._known: dict[str, Reference] = {}
        self._encoder: SemanticEncoder | None = None

    def hear(self, path: Path, sha256: str) -> Reference:
        """The reference of the clip with this content. Raises EngineError for a clip that cannot be read, and for one that
        holds something else by now."""
        if sha256 not in self._known:
            kept = self.folder / f"{sha256}.safetensors"
            found = _read(kept)
            if found is None:
                found = self._heard(path, _bytes(path, sha256))
                from safetensors.torch import save_file

                with written_beside(kept) as beside:
                    save_file({name: part.cpu().contiguous() for name, part in found.parts().items()}, beside)
            self._known[sha256] = found.to(self.device)
        return self._known[sha256]

    @torch.inference_mode()
    def _heard(self, path: Path, data: bytes) -> Reference:
        if self._encoder is None:
            mean, variance = self.checkpoint.statistics()
            self._encoder = SemanticEncoder(
                self.checkpoint.semantic_encoder(), self.checkpoint.extractor(), mean, variance, self.device
            )
            self._codec = self.checkpoint.semantic_codec().to(self.device)
            self._style = self.checkpoint.speaker_encoder().to(self.device)
        wave = features.clip(path, data=data)
        sound = torch.from_numpy(wave).to(self.device)
        heard = features.resampled(wave, RATE, HEARD_RATE).to(self.device)
        semantic = self._encoder.features(heard)[None]
        felt = features.clip(path, rate=HEARD_RATE, data=data)  # by another way to 16 kHz, as in the official program
        feeling = self._encoder.features(torch.from_numpy(felt).to(self.device))[None]
        mel = features.mel(sound)
        _, meaning = self._codec.quantize(semantic)
        return Reference(
            timbre=self.speaker.timbre(semantic, _whole(semantic))[0],
            emotion=self.speaker.emotion(feeling, _whole(feeling))[0],
            style=self._style(features.filter_banks(heard)[None])[0], mel=mel,
            prompt=self.painter.length_regulator(meaning, mel.shape[-1])[0],
        )  # fmt: skip


def _bytes(path: Path, sha256: str) -> bytes:
    """What the file holds, which is what was planned with: else its takes would be kept under another clip's name."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EngineError(
            f"the reference clip cannot be read: {error}", where=str(path), fix="Is it still there?"
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise EngineError(
            "the reference clip was replaced since the run began", where=str(path), fix="Run the same command again."
        )
    return data


def _read(path: Path) -> Reference | None:
    """A kept reference; None where there is none, or one that is damaged: it is then made again."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found = Reference(**load_file(path))
    except (OSError, SafetensorError, TypeError):
        return None
    return found if all(bool(part.isfinite().all()) for part in found.parts().values()) else None


def _whole(features: Tensor) -> Tensor:
    """(B, T, width) -> (B, T): nothing is padding."""
    return torch.ones(features.shape[:2], dtype=torch.bool, device=features.device)
