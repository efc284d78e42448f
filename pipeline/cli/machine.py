"""Verbs about this machine: engines, doctor, version."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline import __version__
from pipeline.cli import show
from pipeline.errors import ShuoshuError


def version(_: argparse.Namespace) -> int:
    """The version, alone on a line."""
    sys.stdout.write(f"shuoshu {__version__}\n")
    return 0


def engines(options: argparse.Namespace) -> int:
    """Every installed engine and what it can do."""
    from pipeline import engines as engine_room

    classes = [engine_room.engine_class(name) for name in engine_room.names()]
    rows = [
        {
            "name": one.name, "version": one.version, "languages": sorted(one.capabilities.languages),
            "clones": one.capabilities.clones, "emotions": sorted(one.capabilities.emotions),
            "deliveries": sorted(one.capabilities.deliveries),
            "duration": one.capabilities.duration, "pinyin": one.capabilities.pinyin,
            "sample_rate": one.capabilities.sample_rate,
            "parameters": {name: list(rule) for name, rule in one.capabilities.parameters.items()},
        }
        for one in classes
    ]  # fmt: skip
    if options.json:
        show.print_json(rows)
        return 0
    show.table(
        show.say("Engines", "语音引擎"),
        ["name", "version", "languages", "clones", "emotion by", "duration", "pinyin", ">Hz", "voice parameters"],
        [
            (
                one["name"], one["version"], " ".join(row_list(one["languages"])), _yes(one["clones"]),
                " ".join(row_list(one["emotions"])), _yes(one["duration"]), _yes(one["pinyin"]), one["sample_rate"],
                ", ".join(one["parameters"] if isinstance(one["parameters"], dict) else ()),
            )
            for one in rows
        ],
    )  # fmt: skip
    return 0


def row_list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _yes(value: object) -> str:
    return show.say("yes", "是") if value else "–"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing doctor looked at. `enables` says what it is for, or what having it would enable."""

    name: str
    there: bool
    found: str
    enables: str
    needed: bool = False


def doctor(options: argparse.Namespace) -> int:
    """What this machine has, and what each missing thing would enable; exit 1 when something needed is missing."""
    looks: list[Callable[[], Finding]] = [
        _python, _espeak, _ffmpeg, _prefect, _player, _zstd, _torch, _cuda, _checkpoints, _fonts,
        lambda: _disk(options.output),
    ]  # fmt: skip
    findings = [look() for look in looks]
    if options.engine == "indextts2":
        findings += _checkpoint_files()
    if options.engine == "openai":
        findings += _speech_hosts()
    broken = [one for one in findings if one.needed and not one.there]
    if options.json:
        show.print_json(
            [
                {"name": one.name, "ok": one.there, "found": one.found, "enables": one.enables, "needed": one.needed}
                for one in findings
            ]
        )
        return 1 if broken else 0
    show.table(
        "doctor",
        ["", show.say("what", "项目"), show.say("found", "现状"), show.say("what it is for", "用途")],
        [("✓" if one.there else ("✗" if one.needed else "–"), one.name, one.found, one.enables) for one in findings],
    )
    return 1 if broken else 0


def _python() -> Finding:
    there = sys.version_info >= (3, 11)
    return Finding(
        "Python", there, f"{platform.python_version()} on {platform.platform(terse=True)}", "everything", True
    )


def _espeak() -> Finding:
    try:
        from pipeline.engines import load

        name = f"espeak-ng from the espeakng-loader wheel, {load('espeak').fingerprint().split(',')[0]}"
        return Finding("eSpeak NG", True, name, "the embedded engine", True)
    except (ShuoshuError, OSError, ImportError) as error:
        return Finding("eSpeak NG", False, str(error), "the embedded engine: pip install espeakng-loader", True)


def _ffmpeg() -> Finding:
    try:
        import av
        import imageio_ffmpeg

        version_, path = imageio_ffmpeg.get_ffmpeg_version(), imageio_ffmpeg.get_ffmpeg_exe()
        found = f"PyAV {av.__version__} for encoding; ffmpeg {version_} at {path}"
        return Finding("ffmpeg", True, found, "MP3, AAC, reading reference clips of any format", True)
    except (ImportError, RuntimeError) as error:
        return Finding("ffmpeg", False, str(error), "MP3 and M4B: pip install av imageio-ffmpeg", True)


def _prefect() -> Finding:
    from importlib.metadata import version as version_of

    address = os.environ.get("PREFECT_API_URL")
    where = f"server {address}" if address else "no PREFECT_API_URL: each run starts a temporary server"
    return Finding("Prefect", True, f"{version_of('prefect')}; {where}", "flows, run history, schedules", True)


def _player() -> Finding:
    found = next((path for name in ("ffplay", "afplay", "play") if (path := shutil.which(name))), "")
    return Finding("audio player", bool(found), found or "none", "`shuoshu play` (Debian: apt-get install ffmpeg)")


def _zstd() -> Finding:
    found = shutil.which("zstd") or ""
    return Finding("zstd", bool(found), found or "none", "`shuoshu export … .tar.zst` (Debian: apt-get install zstd)")


def _torch() -> Finding:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return Finding("PyTorch", True, version_of("torch"), "the IndexTTS 2.0 engine")
    except PackageNotFoundError:
        return Finding("PyTorch", False, "not installed", "the IndexTTS 2.0 engine: pip install 'shuoshu[indextts2]'")


def _cuda() -> Finding:
    tool = shutil.which("nvidia-smi")
    if not tool:
        return Finding("CUDA GPU", False, "no nvidia-smi", "rendering with IndexTTS 2.0 faster than real time")
    import subprocess

    asked = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    lines = answer.stdout.strip().splitlines()
    return Finding("CUDA GPU", bool(lines), "; ".join(lines) or "none answers", "fast rendering with IndexTTS 2.0")


def _checkpoints() -> Finding:
    folder = Path(os.environ.get("INDEXTTS2_MODEL_DIR", "checkpoints"))
    found = [name for name in ("config.yaml", "gpt.pth", "s2mel.pth", "bpe.model") if (folder / name).is_file()]
    use = "IndexTTS 2.0 voices: `shuoshu doctor --engine indextts2` looks at every file"
    return Finding("checkpoints", len(found) == 4, f"{len(found)} of 4 main files in {folder}", use)


def _checkpoint_files() -> list[Finding]:
    """Each file of the IndexTTS 2.0 checkpoint, by name, and its weights by their names and shapes."""
    try:
        from pipeline.engines.indextts2.checkpoint import DOWNLOAD, Checkpoint
        from pipeline.engines.indextts2.engine import folder
    except ImportError as error:
        return [Finding("indextts2", False, str(error), "pip install 'shuoshu[indextts2]'")]
    where = folder()
    looked = [
        Finding(name, not wrong, wrong or "as it should be", f"from {source}")
        for name, wrong, source in Checkpoint(where).findings()
    ]
    words = _emotion_text(where)
    looked.append(words)
    if words.needed or any(not one.there for one in looked[:-1]):
        looked.append(
            Finding("to download", False, f"{DOWNLOAD} {where}", "the main files; the others by their sources")
        )
    return looked


def _emotion_text(checkpoint: Path) -> Finding:
    """The model that reads emotion words: none is no fault, half of one is."""
    from pipeline.engines.indextts2 import emotion_text

    name = f"{emotion_text.FOLDER}/"
    use = "emotion words (疲惫地低语) are read by the checkpoint's own model; without it, by our lexicon"
    missing = emotion_text.missing(checkpoint)
    if len(missing) == len(emotion_text.FILES):
        return Finding(name, False, "absent", use)
    if missing:
        return Finding(name, False, f"incomplete, missing: {', '.join(missing)}", use, needed=True)
    return Finding(name, True, f"{len(emotion_text.FILES)} files", use)


def _speech_hosts() -> list[Finding]:
    """Each host of the remote engine: does it answer? Nothing is spoken for that."""
    from pipeline.engines.openai.looking import look
    from pipeline.engines.openai.settings import needed

    use = show.say("speaks for the engine openai", "为引擎 openai 合成语音")
    return [Finding(url, there, show.told(found), use, needed=True) for url, there, found in look(needed())]


def _fonts() -> Finding:
    folders = [Path("/usr/share/fonts"), Path.home() / ".local/share/fonts", Path("/System/Library/Fonts")]
    pattern = ("*cjk*", "*CJK*", "*wqy*", "PingFang*")
    found = next((path for top in folders if top.is_dir() for one in pattern for path in top.rglob(one)), None)
    return Finding("Chinese fonts", found is not None, str(found or "none found"), "Chinese labels in plots and pages")


def _disk(output: Path) -> Finding:
    place = next(path for path in (output, *output.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free
    hours = free / 0.35e9  # takes, FLAC, MP3 and M4B of an audio hour, measured on the embedded engine
    found = f"{show.size(free)} free in {place.resolve()}, enough for about {hours:,.0f} hours of audio"
    return Finding("disk", free > 1e9, found, "takes and masters: about 0.35 GB an audio hour", True)
