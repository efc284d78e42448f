"""What a reference clip gives: who speaks, how it feels, and the beginning that the sound goes on from.

Computed once a clip and kept on disk by the clip's content and the checkpoint's.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from pipeline.engines.indextts2 import features
from pipeline.engines.indextts2.checkpoint import Checkpoint
from pipeline.engines.indextts2.features import HEARD_RATE, RATE, SemanticEncoder
from pipeline.engines.indextts2.semantic_to_mel import SemanticToMel
from pipeline.engines.indextts2.text_to_semantic import TextToSemantic
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
        """The clip's reference. Raises EngineError for a clip that cannot be read."""
        if sha256 not in self._known:
            kept = self.folder / f"{sha256}.safetensors"
            if kept.is_file():
                from safetensors.torch import load_file

                self._known[sha256] = Reference(**load_file(kept)).to(self.device)
            else:
                self._known[sha256] = self._heard(path)
                from safetensors.torch import save_file

                parts = self._known[sha256].parts()
                with written_beside(kept) as beside:
                    save_file({name: part.cpu().contiguous() for name, part in parts.items()}, beside)
        return self._known[sha256]

    @torch.inference_mode()
    def _heard(self, path: Path) -> Reference:
        if self._encoder is None:
            mean, variance = self.checkpoint.statistics()
            self._encoder = SemanticEncoder(
                self.checkpoint.folder / "hf_cache/w2v-bert-2.0", mean, variance, self.device
            )
            self._codec = self.checkpoint.semantic_codec().to(self.device)
            self._style = self.checkpoint.speaker_encoder().to(self.device)
        wave = features.clip(path)
        sound = torch.from_numpy(wave).to(self.device)
        heard = features.resampled(wave, RATE, HEARD_RATE).to(self.device)
        semantic = self._encoder.features(heard)[None]
        felt = features.clip(path, rate=HEARD_RATE)  # by another way to 16 kHz, as in the official program
        feeling = self._encoder.features(torch.from_numpy(felt).to(self.device))[None]
        mel = features.mel(sound)
        _, meaning = self._codec.quantize(semantic)
        return Reference(
            timbre=self.speaker.timbre(semantic, _whole(semantic))[0],
            emotion=self.speaker.emotion(feeling, _whole(feeling))[0],
            style=self._style(features.filter_banks(heard)[None])[0], mel=mel,
            prompt=self.painter.length_regulator(meaning, mel.shape[-1])[0],
        )  # fmt: skip


def _whole(features: Tensor) -> Tensor:
    """(B, T, width) -> (B, T): nothing is padding."""
    return torch.ones(features.shape[:2], dtype=torch.bool, device=features.device)
