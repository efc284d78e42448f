"""How fast the IndexTTS 2.0 engine speaks: audio seconds a second, by stage, for several batch sizes.

    python benchmarks/indextts2_throughput.py                             # reduced size on a CPU, official size on a GPU
    python benchmarks/indextts2_throughput.py --public DIR                # also the public implementation, one by one

Random weights, line lengths of a real script, forced numbers of codes, so that everyone does the same work: 64 lines, what the engine is
given at once; a batch is how many of them it decodes beside each other, a line that ends giving its row to the next. DIR is a checkout of
github.com/index-tts/index-tts whose requirements can be imported; it decodes greedily with its own cache, then makes mel and
sound with its own classes on the same weights.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from pipeline.engines.indextts2.engine import IndexTTS2  # first: it says what PyTorch has to know before it is loaded

# isort: split
import torch
from torch import Tensor

from pipeline.engines.indextts2.decoding import Decoded, Decoder, Sampling, Wish
from pipeline.engines.indextts2.flow import mels
from pipeline.engines.indextts2.semantic_to_mel import SemanticToMel
from pipeline.engines.indextts2.text_to_semantic import TextToSemantic
from pipeline.engines.indextts2.vocoder import Vocoder

CODES = (38, 52, 61, 75, 84, 96, 110, 131, 47, 66, 58, 90, 72, 103, 41, 120)
"""Codes of sixteen lines, 50 a second: the spread of lengths in our demo's script."""
VOICES = (
    0, 0, 0, 1, 0, 0, 2, 1, 0, 1, 2, 0, 0, 3, 4, 0, 4, 0, 5, 0, 2, 0, 2, 0, 5, 3, 0, 5, 0, 0, 0, 3,
    6, 0, 6, 0, 5, 0, 0, 7, 8, 0, 0, 0, 0, 9, 0, 2, 0, 0, 9, 2, 0, 2, 0, 10, 2, 0, 10, 0, 10, 0, 11, 10,
)  # fmt: skip
"""Whose voice and emotion the first 64 lines of our demo's script have."""
AT_ONCE = IndexTTS2.capabilities.batch_size
"""Lines that the engine is given at once: 64."""
PROMPT_FRAMES = 431  # a clip of five seconds


def reduced() -> dict[str, Any]:
    """Small enough for a CPU, with the stages' shares of the time as on a GPU: there, one line at a time, the official program
    spends most of it on its codes, because a step of one row is too small to fill the device (its users' logs, issues 439, 551
    and 584 of index-tts: codes 64 to 89% of the time, mel 9 to 34, sound 1.5 to 2.4). On a CPU arithmetic decides, so
    that the flow and the vocoder, which have by far the most of it, have to be made smaller than the transformer (`fifth` does not)."""
    found = fifth()
    found["gpt"] |= {"model_dim": 512, "heads": 8, "layers": 16}
    found["s2mel"]["DiT"] |= {"hidden_dim": 32, "num_heads": 2, "depth": 3, "content_dim": 32}
    found["s2mel"]["wavenet"] |= {"hidden_dim": 32, "num_layers": 2}
    found["s2mel"]["length_regulator"] |= {"channels": 32}
    return found | {"vocoder_channels": 64, "vocoder_kernels": [3]}


def fifth() -> dict[str, Any]:
    """About a fifth of the official width everywhere."""
    condition = {"output_size": 64, "linear_units": 128, "attention_heads": 4, "num_blocks": 2, "input_layer": "conv2d2",
                 "perceiver_mult": 2}  # fmt: skip
    return {
        "gpt": {"model_dim": 256, "max_mel_tokens": 1815, "max_text_tokens": 600, "heads": 4, "layers": 8,
                "number_text_tokens": 12000, "number_mel_codes": 8194, "start_mel_token": 8192, "stop_mel_token": 8193,
                "start_text_token": 0, "stop_text_token": 1, "condition_type": "conformer_perceiver",
                "use_mel_codes_as_input": True, "train_solo_embeddings": False, "mel_length_compression": 1024,
                "condition_module": condition, "emo_condition_module": condition},
        "s2mel": {"dit_type": "DiT", "reg_loss_type": "l1", "style_encoder": {"dim": 192},
                  "length_regulator": {"channels": 128, "in_channels": 256, "content_codebook_size": 64,
                                       "sampling_ratios": [1, 1, 1, 1]},
                  "DiT": {"hidden_dim": 128, "num_heads": 4, "depth": 5, "class_dropout_prob": 0.1, "block_size": 8192,
                          "in_channels": 80, "style_condition": True, "final_layer_type": "wavenet", "target": "mel",
                          "content_dim": 128, "content_codebook_size": 64, "content_type": "discrete",
                          "f0_condition": False, "n_f0_bins": 512, "content_codebooks": 1, "is_causal": False,
                          "long_skip_connection": True, "zero_prompt_speech_token": False, "time_as_token": False,
                          "style_as_token": False, "uvit_skip_connection": True, "add_resblock_in_transformer": False},
                  "wavenet": {"hidden_dim": 128, "num_layers": 4, "kernel_size": 5, "dilation_rate": 1, "p_dropout": 0.2,
                              "style_condition": True}},
        "codes_width": 256, "vocoder_channels": 192, "vocoder_kernels": [3, 7, 11],
    }  # fmt: skip


def official() -> dict[str, Any]:
    """The official sizes."""
    import yaml

    found = yaml.safe_load((Path(__file__).parent.parent / "tests/engines/indextts2/official_config.yaml").read_text())
    return {
        "gpt": found["gpt"],
        "s2mel": found["s2mel"],
        "codes_width": 1024,
        "vocoder_channels": 1536,
        "vocoder_kernels": [3, 7, 11],
    }


def vocoder_options(sizes: dict[str, Any]) -> dict[str, Any]:
    channels, kernels = sizes["vocoder_channels"], sizes["vocoder_kernels"]
    return {"num_mels": 80, "upsample_initial_channel": channels, "upsample_rates": [4, 4, 2, 2, 2, 2],
            "upsample_kernel_sizes": [8, 8, 4, 4, 4, 4], "resblock": "1", "resblock_kernel_sizes": kernels,
            "resblock_dilation_sizes": [[1, 3, 5]] * len(kernels), "activation": "snakebeta", "snake_logscale": True,
            "use_bias_at_final": False, "use_tanh_at_final": False}  # fmt: skip


@dataclass
class Work:
    """Networks and what they are given, the same for both sides."""

    sizes: dict[str, Any]
    speaker: TextToSemantic
    painter: SemanticToMel
    vocoder: Vocoder
    device: torch.device

    def prompt(self, number: int) -> Tensor:
        drawn = torch.Generator().manual_seed(number)
        width = self.sizes["gpt"]["model_dim"]
        text = torch.randint(2, 12000, (CODES[number % len(CODES)] // 4,), generator=drawn)
        voice = torch.Generator().manual_seed(1000 + VOICES[number % len(VOICES)])
        return self.speaker.prompt(
            torch.randn(32, width, generator=voice).to(self.device), torch.randn(width, generator=voice).to(self.device),
            text.to(self.device),
        )  # fmt: skip


def built(sizes: dict[str, Any], device: torch.device) -> Work:
    torch.manual_seed(0)
    gpt, codes = sizes["gpt"], sizes["codes_width"]
    parts = (
        TextToSemantic(gpt, 1024), SemanticToMel(sizes["s2mel"], gpt["model_dim"], codes),
        Vocoder(vocoder_options(sizes)),
    )  # fmt: skip
    speaker, painter, vocoder = parts
    return Work(sizes, speaker.eval().to(device), painter.eval().to(device), vocoder.eval().to(device), device)


class Clock:
    """Seconds by stage."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.spent = device, dict[str, float]()

    def time(self, stage: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        found = work()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        self.spent[stage] = self.spent.get(stage, 0.0) + time.perf_counter() - began
        return found


@torch.inference_mode()
def ours(work: Work, batch: int, lines: int) -> tuple[float, dict[str, float]]:
    """Audio seconds made, and seconds spent by stage."""
    clock, audio, cpu = Clock(work.device), 0.0, work.device.type == "cpu"
    meanings = torch.randn(8192, work.sizes["codes_width"], generator=torch.Generator().manual_seed(1)).to(work.device)
    for start in range(0, lines, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, lines))
        prompts = [work.prompt(number) for number in numbers]
        counts = [CODES[number % len(CODES)] for number in numbers]

        def decode(prompts: list[Tensor] = prompts, counts: list[int] = counts) -> list[Decoded]:
            wishes = [
                Wish(prompt, at, count, exactly=True)
                for at, (prompt, count) in enumerate(zip(prompts, counts, strict=True))
            ]
            room = max(map(len, prompts)) + max(counts) + 16
            order = sorted(range(len(wishes)), key=lambda at: -counts[at])  # as the engine does
            decoder = Decoder(work.speaker, min(batch, len(wishes)), room, Sampling(temperature=0))
            found = {order[one.index]: one for one in decoder.decode([wishes[at] for at in order])}
            return [found[at] for at in range(len(wishes))]

        decoded = clock.time("codes", decode)  # on a CPU the decoder finds the latents, too
        codes = [one.codes for one in decoded]
        latents = clock.time(
            "latents",
            lambda prompts=prompts, codes=codes, decoded=decoded: (
                [one.latents for one in decoded] if cpu else work.speaker.latents(prompts, codes)
            ),
        )

        def paint(codes: list[Tensor] = codes, latents: list[Tensor] = latents) -> list[Tensor]:
            frames = [int(len(one) * 1.72) for one in codes]
            width = work.sizes["s2mel"]["length_regulator"]["channels"]
            contents = [
                torch.cat([torch.zeros(PROMPT_FRAMES, width, device=work.device),
                           work.painter.content(latent.float(), meanings[one], count)])
                for one, latent, count in zip(codes, latents, frames, strict=True)
            ]  # fmt: skip
            noise = [torch.randn(80, len(one), device=work.device) for one in contents]
            clip = torch.zeros(80, PROMPT_FRAMES, device=work.device)
            style = torch.zeros(len(codes), 192, device=work.device)
            return mels(work.painter.estimator, noise, [clip] * len(codes), style, contents, most=1 if cpu else 1 << 17)

        found = clock.time("mel", paint)
        waves = clock.time("sound", lambda found=found: work.vocoder.speak(found))
        audio += sum(len(wave) for wave in waves) / 22050
    return audio, clock.spent


def public(work: Work, folder: Path, lines: int) -> tuple[float, dict[str, float]]:
    """The public implementation on the same weights, line by line: audio seconds, seconds by stage. Raises ImportError."""
    sys.path.insert(0, str(folder))
    from indextts.gpt.model_v2 import UnifiedVoice
    from indextts.s2mel.modules.bigvgan.bigvgan import BigVGAN
    from indextts.s2mel.modules.bigvgan.env import AttrDict
    from indextts.s2mel.modules.flow_matching import CFM
    from indextts.s2mel.modules.length_regulator import InterpolateRegulator
    from munch import munchify

    sizes, clock = work.sizes, Clock(work.device)
    regulator = sizes["s2mel"]["length_regulator"]
    with torch.inference_mode():
        speaker = UnifiedVoice(**sizes["gpt"]).eval().to(work.device)
        speaker.load_state_dict(work.speaker.float().state_dict())
        speaker.post_init_gpt2_config(kv_cache=True)
        stretch = InterpolateRegulator(
            channels=regulator["channels"], sampling_ratios=regulator["sampling_ratios"], is_discrete=False,
            in_channels=regulator["in_channels"], vector_quantize=False, codebook_size=regulator["content_codebook_size"],
            n_codebooks=1, quantizer_dropout=0.0, f0_condition=False,
        ).eval().to(work.device)  # fmt: skip
        stretch.load_state_dict(work.painter.length_regulator.state_dict())
        flow = CFM(munchify(sizes["s2mel"])).eval().to(work.device)
        flow.load_state_dict(work.painter.cfm.state_dict())
        flow.estimator.setup_caches(max_batch_size=1, max_seq_length=8192)
        vocoder = BigVGAN(AttrDict(vocoder_options(sizes))).eval().to(work.device)
        vocoder.load_state_dict(work.vocoder.state_dict())
        vocoder.remove_weight_norm()
    width = sizes["gpt"]["model_dim"]

    def speak(number: int) -> float:
        drawn = torch.Generator().manual_seed(number)
        count = CODES[number % len(CODES)]
        text = torch.randint(2, 12000, (1, count // 4), generator=drawn).to(work.device)
        timbre, emotion = torch.randn(1, 32, width).to(work.device), torch.randn(1, width).to(work.device)
        speaker.get_conditioning = lambda *_: timbre  # the clip is heard once, on both sides
        features = torch.zeros(1, 8, 1024, device=work.device)
        quiet = io.StringIO()
        with torch.inference_mode(), contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            codes = clock.time("codes", lambda: speaker.inference_speech(
                features, text, emo_vec=emotion, do_sample=False, num_beams=1, repetition_penalty=10.0,
                max_generate_length=count, min_new_tokens=count, cond_lengths=torch.tensor([8], device=work.device),
            ))[0]  # fmt: skip
            codes = codes[:, :count]
            latents = clock.time("latents", lambda: speaker(
                timbre, text, torch.tensor([text.shape[1]], device=work.device), codes,
                torch.tensor([codes.shape[1]], device=work.device), features, torch.tensor([8], device=work.device),
                torch.tensor([8], device=work.device), emo_vec=emotion, use_speed=torch.zeros(1).long().to(work.device),
            ))  # fmt: skip

            def paint() -> Tensor:
                content = work.painter.gpt_layer(latents)
                frames = torch.tensor([int(content.shape[1] * 1.72)], device=work.device)
                found = stretch(content, ylens=frames, n_quantizers=3, f0=None)[0]
                clip = torch.zeros(1, 80, PROMPT_FRAMES, device=work.device)
                whole = torch.cat([torch.zeros(1, PROMPT_FRAMES, found.shape[-1], device=work.device), found], 1)
                style = torch.zeros(1, 192, device=work.device)
                lengths = torch.tensor([whole.shape[1]], device=work.device)
                return flow.inference(whole, lengths, clip, style, None, 25, inference_cfg_rate=0.7)[
                    :, :, PROMPT_FRAMES:
                ]

            mel = clock.time("mel", paint)
            wave = clock.time("sound", lambda: vocoder(mel))
        return float(wave.shape[-1] / 22050)

    return sum(speak(number) for number in range(lines)), clock.spent


def row(name: str, audio: float, spent: dict[str, float], against: float | None) -> float:
    whole = sum(spent.values())
    stages = " | ".join(f"{spent[stage]:.2f}" for stage in ("codes", "latents", "mel", "sound"))
    speed = audio / whole
    print(
        f"| {name} | {audio:.1f} | {stages} | {whole:.2f} | {speed:.2f} | {speed / against if against else 1:.2f} |",
        flush=True,
    )
    return speed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--public", type=Path, metavar="DIR")
    parser.add_argument("--size", choices=("reduced", "fifth", "official"))
    parser.add_argument("--batches", type=int, nargs="+")
    parser.add_argument("--lines", type=int, default=AT_ONCE)
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    size = options.size or ("official" if device.type == "cuda" else "reduced")
    work = built({"reduced": reduced, "fifth": fifth, "official": official}[size](), device)
    print(f"{size} size, {device}, torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    print(
        "| way | audio s | codes s | latents s | mel s | sound s | all s | audio s a second | ratio |\n|---|---|---|---|---|---|---|---|---|"
    )
    base = None
    if options.public:
        base = row("public, one by one", *public(work, options.public, options.lines), None)
    if device.type == "cpu":
        work.speaker.pack()
    for batch in options.batches or ([1, 8, 16] if device.type == "cpu" else [1, 8, 32, 128]):
        speed = row(f"ours, batch {batch}", *ours(work, batch, max(options.lines, batch)), base)
        base = base or speed


if __name__ == "__main__":
    main()
