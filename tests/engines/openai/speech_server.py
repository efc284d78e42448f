"""A speech server on this machine that speaks well, late, badly and not at all."""

import gzip
import io
import json
import socket
import struct
import threading
import time
from collections.abc import Callable

import numpy as np
import soundfile

from pipeline.engines.plausible import syllables
from tests.servers import Handler, LocalServer

RATE = 24_000


def wave_of(text: str) -> np.ndarray:
    """What the server says for a text: a tone a syllable, of its own for every text; 16-bit samples, shape (frames,)."""
    count = max(syllables(text), 1)
    pitch = 120 + sum(map(ord, text)) % 97
    at = np.arange(round(0.2 * RATE * count)) / RATE
    tone = sum(np.sin(2 * np.pi * pitch * one * at) / one for one in range(1, 6))
    sound = tone * (0.6 - 0.4 * np.cos(2 * np.pi * at / 0.2)) * np.minimum(1, np.minimum(at, at[::-1]) / 0.05)
    return np.round(sound / np.abs(sound).max() * 12_000).astype(np.int16)


def wav(samples: np.ndarray, size: int | None = None) -> bytes:
    """A WAV file of 16-bit samples; `size` is what its header claims of the data, where that is not the truth."""
    data = samples.astype("<i2").tobytes()
    size = len(data) if size is None else size
    form = struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)
    riff = min(36 + size, 0xFFFFFFFF)
    return (
        b"RIFF"
        + struct.pack("<I", riff)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", size)
        + data
    )


def encoded(samples: np.ndarray, kind: str, subtype: str | None = "PCM_16", rate: int = RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


class SpeechServer(LocalServer):
    """`weather` gives the mode of each request by its number, from 0; `slots`, where set, is how many it takes at once before
    it answers 429; `slow_text` takes it half a second. It keeps what it was asked, when, and how many it had at once."""

    request_queue_size = 128

    def __init__(self, mode: str = "well", slots: int = 0, takes_s: float = 0.0) -> None:
        super().__init__(Speaking)
        self.weather: Callable[[int], str] = lambda number: mode
        self.slots, self.takes_s, self.slow_text = slots, takes_s, ""
        self.lock = threading.Lock()
        self.asked: list[dict] = []
        self.raw: list[tuple[str, bytes]] = []
        self.at: list[float] = []
        self.modes: list[str] = []
        self.busy = self.most_busy = 0

    def serve_forever(self, poll_interval: float = 0.02) -> None:  # so that it is soon stopped
        super().serve_forever(poll_interval)


class Speaking(Handler):
    server: SpeechServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.keys.append(self.headers.get("Authorization"))
        status = {"401": 401, "no list": 404}.get(self.server.weather(0), 200)
        self.send(status, json.dumps({"data": [{"id": "m"}, {"id": "other"}]}))

    def do_POST(self) -> None:
        body, server = self.rfile.read(int(self.headers["Content-Length"])), self.server
        kind = self.headers["Content-Type"]
        with server.lock:
            number = len(server.at)
            server.at.append(time.monotonic())
            server.keys.append(self.headers.get("Authorization"))
            server.raw.append((kind, body))
            server.asked.append(json.loads(body) if kind == "application/json" else {})
            server.busy += 1
            server.most_busy = max(server.most_busy, server.busy)
            mode = "429" if server.slots and server.busy > server.slots else server.weather(number)
            server.modes.append(mode)
        try:
            text = server.asked[number].get("input", "一二三四五")
            if mode != "429":
                time.sleep(0.5 if text == server.slow_text else server.takes_s)
            self.speak(mode, text)
        except OSError:
            pass
        finally:
            with server.lock:
                server.busy -= 1

    def speak(self, mode: str, text: str) -> None:
        samples = wave_of(text)
        head, _, rest = mode.partition(" ")
        if head.isdigit():
            headers = {"Retry-After": rest} if rest.replace(".", "").isdigit() else {}
            if head == "302":
                headers["Location"] = rest
            told = self.headers.get("Authorization") if rest == "echo" else f"no {head} for {text[:4]}"
            return self.send(int(head), json.dumps({"error": {"message": told}}), headers)
        make = {
            "well": lambda: wav(samples),
            "flac": lambda: encoded(samples, "FLAC"),
            "float": lambda: encoded(samples / np.float32(32768), "WAV", "FLOAT"),
            "deep": lambda: encoded(samples, "WAV", "PCM_24"),
            "stereo": lambda: encoded(np.stack([samples, samples], axis=1), "WAV"),
            "finer": lambda: encoded(np.repeat(samples, 2), "WAV", rate=48_000),
            "pcm": lambda: samples.astype("<i2").tobytes(),
            "cut wav": lambda: wav(samples)[:-5000],
            "long wav": lambda: wav(samples, 1000),
            "two wavs": lambda: wav(samples) + wav(samples),
            "cut flac": lambda: encoded(samples, "FLAC")[: len(encoded(samples, "FLAC")) * 2 // 3],
            "bent flac": lambda: _bent(encoded(samples, "FLAC")),
            "mp3": lambda: encoded(samples, "MP3", None),
            "ogg": lambda: encoded(samples, "OGG", "VORBIS"),
            "page": lambda: "<!doctype html><title>502</title>网关出错".encode(),
            "json": lambda: b'{"error": "out of memory"}',
            "empty": lambda: b"",
            "header": lambda: wav(samples[:0]),
            "silent": lambda: wav(samples * 0),
            "nan": lambda: encoded(np.full(40_000, np.nan, np.float32), "WAV", "FLOAT"),
            "loud": lambda: encoded(samples.astype(np.float32), "WAV", "FLOAT"),
            "odd": lambda: samples.astype("<i2").tobytes()[1:],
            "moved": lambda: samples.astype("<i2").tobytes()[1:-1],
            "blip": lambda: wav(samples[:2000]),
            "hour": lambda: encoded(np.tile(samples[:24000], 400), "FLAC"),
            "endless": lambda: wav(np.tile(samples, 60)),
            "long": lambda: wav(np.concatenate([samples, np.full(RATE * len(text) * 6 // 5, 40, np.int16)])),
        }.get(mode)
        if make:
            return self.bytes(make(), mode)
        if mode == "dropped":
            self.bytes(wav(samples), mode, cut=True)
        elif mode == "gone":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif mode == "drip":
            self.start({"Content-Length": "500000"})
            for part in range(60):
                self.wfile.write(wav(samples)[part : part + 1])
                self.wfile.flush()
                time.sleep(0.1)
        elif mode == "packed":
            self.bytes(gzip.compress(wav(samples)), mode, {"Content-Encoding": "gzip"})
        elif mode in ("streamed", "streamed and cut", "streamed abrupt"):
            data = wav(samples[: len(samples) * 3 // 4 + 1234] if "abrupt" in mode else samples, 0xFFFFFFFF)
            self.start({"Transfer-Encoding": "chunked"})
            for at in range(0, len(data) // 2 if "cut" in mode else len(data), 16384):
                part = data[at : at + 16384]
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            if "cut" not in mode:
                self.wfile.write(b"0\r\n\r\n")
        elif mode in ("old", "old streamed"):  # as HTTP/1.0: the answer ends where the connection does
            self.start({"Connection": "close"})
            self.wfile.write(wav(samples, 0xFFFFFFFF if "streamed" in mode else None))
        else:
            raise ValueError(mode)
        self.close_connection = True

    def bytes(self, data: bytes, mode: str, headers: dict[str, str] | None = None, cut: bool = False) -> None:
        kind = "text/html" if mode in ("flac", "float") else "audio/wav"  # who would believe headers
        self.start({"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})})
        self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True

    def start(self, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _bent(data: bytes) -> bytes:
    bent = bytearray(data)
    bent[len(bent) // 2] ^= 0x55
    return bytes(bent)
