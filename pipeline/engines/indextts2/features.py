"""What the networks hear of a reference clip: samples at their rates, mel spectrogram, filter banks, w2v-bert features."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.clip_audio import NoAudio, beginning
from pipeline.errors import EngineError
from pipeline.nouns import Waveform

RATE = 22_050
"""Hz of mel spectrograms and of the sound that is made."""
HEARD_RATE = 16_000
"""Hz of what the encoders hear."""
LONGEST_S = 15.0
"""Seconds of a clip that are used, as in the official program."""
_MARGIN_S = 0.5
"""Read besides, so that the resampler does not meet the cut."""
LAYER = 17
"""The layer of w2v-bert whose output is used; those behind it are not even loaded."""
HOP, WINDOW, BINS = 256, 1024, 80


def clip(path: Path, *, rate: int = RATE, data: bytes | None = None) -> Waveform:
    """The beginning of an audio file, mono, at `rate`: (frames,) float32, resampled as the official program does it.
    `data`: the file's bytes, where they are read already. Raises EngineError for a file that is none."""
    import soxr

    try:
        found = beginning(path if data is None else data, LONGEST_S + _MARGIN_S)
    except (NoAudio, OSError) as error:
        raise EngineError(
            f"the reference clip cannot be read: {error}",
            where=str(path),
            fix="Give a WAV, FLAC, OGG, MP3 or M4A file.",
        ) from error
    wave = found.wave if found.rate == rate else soxr.resample(found.wave, found.rate, rate, quality="HQ")
    frames = math.ceil(len(found.wave) * (rate / found.rate))
    return np.pad(wave, (0, max(0, frames - len(wave))))[: min(frames, int(LONGEST_S * rate))]


def resampled(wave: Waveform, rate: int, to: int) -> Tensor:
    """(frames,) -> (frames', ) by windowed sinc, its window reckoned in float64."""
    import torchaudio

    found: Tensor = torchaudio.transforms.Resample(rate, to)(torch.from_numpy(wave))
    return found


def mel_filters(bins: int = BINS, rate: int = RATE, window: int = WINDOW) -> Tensor:
    """Triangles on the mel scale of Slaney's Auditory Toolbox (1998), each of area 2 / width: (bins, window / 2 + 1)."""
    import torchaudio

    found: Tensor = torchaudio.functional.melscale_fbanks(
        window // 2 + 1, 0.0, rate / 2, bins, rate, norm="slaney", mel_scale="slaney"
    )
    return found.T


@cache
def _filters(device: torch.device) -> tuple[Tensor, Tensor]:
    return mel_filters().to(device), torch.hann_window(WINDOW, device=device)


def mel(wave: Tensor) -> Tensor:
    """(frames,) at 22,050 Hz -> log mel spectrogram (80, frames // 256): magnitude, natural logarithm, floor 1e-5."""
    filters, window = _filters(wave.device)
    edge = (WINDOW - HOP) // 2
    padded = F.pad(wave[None, None], (edge, edge), mode="reflect")[0]
    spectrum = torch.stft(padded, WINDOW, HOP, WINDOW, window, center=False, return_complex=True)[0]
    size = torch.sqrt(torch.view_as_real(spectrum).square().sum(-1) + 1e-9)
    return (filters @ size).clamp(min=1e-5).log()


def filter_banks(wave: Tensor) -> Tensor:
    """(frames,) at 16 kHz -> Kaldi's 80 log filter banks, 25 ms every 10 ms, mean over time taken off: (T, 80)."""
    import torchaudio

    banks: Tensor = torchaudio.compliance.kaldi.fbank(
        wave[None], num_mel_bins=BINS, dither=0.0, sample_frequency=HEARD_RATE
    )
    return banks - banks.mean(0, keepdim=True)


class SemanticEncoder:
    """w2v-bert 2.0 (Barrault et al. 2023): what is said in a clip, 50 vectors a second."""

    def __init__(self, model: nn.Module, extractor: Any, mean: Tensor, variance: Tensor, device: torch.device) -> None:
        """model, extractor: see `Checkpoint.semantic_encoder` and `extractor`."""
        self.extractor = extractor
        self.model = model.to(device)
        self.mean, self.deviation = mean.to(device), variance.sqrt().to(device)

    @torch.inference_mode()
    def features(self, wave: Tensor) -> Tensor:
        """(frames,) at 16 kHz -> (T, 1024) at 50 Hz, normalized."""
        inputs = self.extractor(wave.cpu().numpy(), sampling_rate=HEARD_RATE, return_tensors="pt")
        device = self.mean.device
        heard = self.model(inputs["input_features"].to(device), attention_mask=inputs["attention_mask"].to(device))
        hidden: Tensor = heard.last_hidden_state[0]
        return (hidden - self.mean) / self.deviation
