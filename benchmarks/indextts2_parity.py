"""One utterance of IndexTTS 2.0 by the public program and by our engine, at the official size, stage by stage.

    python benchmarks/indextts2_parity.py --public DIR [--requirements DIR:DIR] [--size small] [--work DIR]

DIR is a checkout of github.com/index-tts/index-tts; what it imports is in the environment or in the folders of --requirements,
which only its side sees. A checkpoint of random weights is made by its own modules in the official layout (6 GB, deleted
unless --work keeps it), and both read the same files, text and clip. Float32 on a CPU, the likeliest code each time, the same
noise, 25 Euler steps. The sides run one after the other, each in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent))
from pipeline.engines.indextts2 import features
from pipeline.engines.indextts2.decoding import Decoded, Decoder, Sampling, Wish
from pipeline.engines.indextts2.engine import Models, chance
from pipeline.engines.indextts2.features import HEARD_RATE, RATE, resampled
from pipeline.files import sha256_file
from pipeline.nouns import Direction, Voice
from pipeline.pronunciation import spoken

TEXT = "天快黑了，河边一个人也没有。"
SEED = 5
BAR = 1e-3
"""Of the waveform, for its largest value."""
STAGES = ("features", "reference mel", "style", "prompt", "timbre", "emotion", "latents", "content", "mel", "wave")


def line(clip: Path, text: str) -> Direction:
    """What both sides speak."""
    voice = Voice("clip", "indextts2", {}, clip, sha256_file(clip))
    return Direction("c01-1", spoken(text, "zh"), "zh", voice, seed=SEED)


def ours(work: Path, text: str) -> None:
    """Speak `text` with the voice of clip.wav and keep every stage in ours.npz. Where a code differs from the public
    program's, its codes are spoken, so that the stages behind can be compared."""
    began = time.perf_counter()
    models = Models(work, "cpu")
    loaded = time.perf_counter()
    clip, kept = work / "clip.wav", dict[str, Any]()
    direction = line(clip, text)
    codes = torch.from_numpy(np.load(work / "public.npz")["codes"])
    with torch.inference_mode():
        [segment], voice = models._segments(0, direction), models._voice(direction)
        heard = time.perf_counter()
        prompt = models.speaker.prompt(voice.timbre, voice.emotion, torch.tensor(segment.ids))
        room = len(prompt) + len(codes) + 16
        [found] = Decoder(models.speaker, 1, room, Sampling(temperature=0)).decode([Wish(prompt, SEED, len(codes))])
        kept |= {"ids": torch.tensor(segment.ids), "codes": found.codes}
        read = time.perf_counter()
        if not torch.equal(found.codes, codes):
            found = Decoded(0, codes, False)
        latents = models.speaker.latents([prompt], [found.codes])
        content, speak = models.painter.content, models.vocoder.speak

        def kept_content(*given: Any) -> torch.Tensor:
            kept["content"] = content(*given)
            return kept["content"]

        def kept_mels(mels: list[torch.Tensor]) -> list[torch.Tensor]:
            kept["mel"] = mels[0]
            return speak(mels)

        models.painter.content, models.vocoder.speak = kept_content, kept_mels  # type: ignore[method-assign]
        [wave] = models._waves([direction], [voice], [segment], [found], latents)
        done = time.perf_counter()
        kept |= {
            "latents": latents[0],
            "wave": torch.from_numpy(wave),
            "timbre": voice.timbre,
            "emotion": voice.emotion,
        }
        kept |= {"style": voice.style, "reference mel": voice.mel, "prompt": voice.prompt}
        models.painter.content, models.vocoder.speak = content, speak  # type: ignore[method-assign]
        other = found.codes.clone()
        other[len(other) // 2] = (other[len(other) // 2] + 1) % 8192
        changed = Decoded(0, other, False)
        kept["wave of another code"] = torch.from_numpy(
            models._waves([direction], [voice], [segment], [changed], models.speaker.latents([prompt], [other]))[0]
        )
        assert models.listener._encoder is not None
        kept["features"] = models.listener._encoder.features(resampled(features.clip(clip), RATE, HEARD_RATE))
        kept["meanings"] = models.listener._codec.quantize(kept["features"][None])[0]
    np.savez(work / "ours.npz", **{name: value.numpy() for name, value in kept.items()})
    print(
        f"loading {loaded - began:.0f} s, listening {heard - loaded:.0f} s, codes {read - heard:.0f} s, sound {done - read:.0f} s"
    )


def write_clip(path: Path, seconds: float) -> None:
    """Vowels of our own making, with breath: two channels, 44,100 Hz."""
    import soundfile

    rate = 44_100
    at = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(120 + 25 * np.sin(3 * at)) / rate
    tone = sum(np.sin(part * phase) / part * (1 + np.sin(part + 5 * at)) for part in range(1, 25))
    noise = np.random.default_rng(SEED).standard_normal((len(at), 2))
    wave = 0.08 * (tone * (1.2 + np.sin(9 * at)))[:, None] + 0.02 * noise
    soundfile.write(path, wave.astype(np.float32), rate, subtype="FLOAT")


def apart(one: np.ndarray, two: np.ndarray) -> tuple[float, float]:
    """Largest difference for the largest value, and the root mean squares of both."""
    gap = one.astype(np.float64) - two
    return float(np.abs(gap).max() / np.abs(two).max()), float(
        np.sqrt((gap**2).mean() / (two.astype(np.float64) ** 2).mean())
    )


def report(work: Path) -> bool:
    """Print the table; True where the wave is within the bar."""
    theirs, mine = (dict(np.load(work / name)) for name in ("public.npz", "ours.npz"))
    print()
    for name, what in (("ids", "of the text"), ("meanings", "of the clip, by the codec"), ("codes", "of the line")):
        one, two = mine[name].reshape(-1), theirs[name].reshape(-1)
        equal = (one == two).sum() if len(one) == len(two) else 0
        print(f"{name} {what}: {equal} of {len(two)} equal, {len(set(two.tolist()))} different ones among them")
    print("\n| stage | values | largest difference / largest value | rms difference / rms |\n|---|---|---|---|")
    worst = 0.0
    for name in STAGES:
        one, two = mine[name], theirs[name].reshape(mine[name].shape)
        worst, square = apart(one, two)
        print(f"| {name} | {' x '.join(map(str, one.shape))} | {worst:.1e} | {square:.1e} |")
    print(
        f"\nlargest sample {np.abs(theirs['wave']).max():.3f}; bar {BAR:g}: {'reached' if worst <= BAR else 'MISSED'}"
    )
    print(
        f"for scale: one code changed, the wave differs by {apart(mine['wave of another code'], mine['wave'])[0]:.1e}"
    )
    return worst <= BAR


def run(name: str, command: list[str], requirements: str = "", **environment: str) -> None:
    """Run a step in a process of its own, and print its time and peak memory. Ends the program where it fails."""
    began = time.perf_counter()
    paths = [path for path in (requirements, os.environ.get("PYTHONPATH", "")) if path]
    print(f"\n{name}:", flush=True)
    quiet = {"PYTHONWARNINGS": "ignore", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    environment = os.environ | quiet | environment | {"PYTHONPATH": ":".join(paths)}
    step = subprocess.Popen([sys.executable, *command], env=environment)
    _, status, used = os.wait4(step.pid, 0)
    if status:
        sys.exit(f"the step {name!r} failed")
    print(f"  {time.perf_counter() - began:.0f} s, peak {used.ru_maxrss / 2**20:.1f} GiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--public", type=Path, metavar="DIR")
    parser.add_argument(
        "--requirements", default="", metavar="DIR:DIR", help="where what it imports is, if not installed"
    )
    parser.add_argument("--size", choices=("full", "small"), default="full")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="keep the checkpoint here (a folder that is not there yet)"
    )
    parser.add_argument("--text", default=TEXT)
    parser.add_argument("--codes", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=3.0, help="of the reference clip")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ours", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.ours:
        ours(given.ours, given.text)
        return
    if not given.public:
        parser.error("--public is missing")
    with tempfile.TemporaryDirectory() as folder:
        work = given.work or Path(folder) / "checkpoint"
        work.mkdir(parents=True, exist_ok=True)
        write_clip(work / "clip.wav", given.seconds)
        threads = ["--threads", str(given.threads)]
        public = [str(Path(__file__).with_name("indextts2_public.py"))]
        where = [str(work), "--public", str(given.public), *threads]
        if not (work / "config.yaml").exists():
            run("checkpoint", [*public, "make", *where, "--size", given.size], given.requirements)
        noise = chance(line(work / "clip.wav", given.text), 0, "noise")
        utterance = ["--text", given.text, "--codes", str(given.codes), "--seed", str(noise)]
        run("public", [*public, "speak", *where, *utterance], given.requirements)
        run("ours", [__file__, "--ours", str(work), "--text", given.text, *threads], XDG_CACHE_HOME=f"{folder}/cache")
        passed = report(work)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
