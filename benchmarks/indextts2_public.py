"""The public program's side of indextts2_parity.py, which starts it: a checkpoint of random weights from its own modules, and
one utterance by it.

    python benchmarks/indextts2_public.py make WORK --public DIR [--size small]
    python benchmarks/indextts2_public.py speak WORK --public DIR --text TEXT --codes N --seed N
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import math
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parent.parent))
OFFICIAL = Path(__file__).parent.parent / "tests/engines/indextts2/official_config.yaml"
SMALLER = {
    "gpt": {"layers": 2, "condition_module": {"output_size": 64, "linear_units": 128, "attention_heads": 4, "num_blocks": 2},
            "emo_condition_module": {"output_size": 64, "linear_units": 128, "num_blocks": 2}},
    "semantic_codec": {"vocos_dim": 64, "vocos_intermediate_dim": 128, "vocos_num_layers": 2},
    "s2mel": {"length_regulator": {"channels": 128}, "wavenet": {"hidden_dim": 128, "num_layers": 3},
              "DiT": {"hidden_dim": 128, "num_heads": 4, "depth": 5, "content_dim": 128}},
}  # fmt: skip
"""What --size small changes. Widths of 1,280 and 1,024 are written into the public program."""
BIGVGAN = {
    "num_mels": 80, "upsample_initial_channel": 1536, "upsample_rates": [4, 4, 2, 2, 2, 2],
    "upsample_kernel_sizes": [8, 8, 4, 4, 4, 4], "resblock": "1", "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3, "activation": "snakebeta", "snake_logscale": True,
    "use_bias_at_final": False, "use_tanh_at_final": False, "sampling_rate": 22050, "hop_size": 256,
}  # fmt: skip
"""nvidia/bigvgan_v2_22khz_80band_256x."""
MEANINGS = 17
"""The layer of w2v-bert that is read."""


# --- the checkpoint -------------------------------------------------------------------------------


def make(work: Path, size: str) -> None:
    """Write a checkpoint in the official layout into `work`, and print each network's parameters and each file's size."""
    from indextts.codec.maskgct_codec import build_semantic_codec
    from indextts.gpt.model_v2 import UnifiedVoice
    from indextts.s2mel.modules.bigvgan.bigvgan import BigVGAN
    from indextts.s2mel.modules.bigvgan.env import AttrDict
    from indextts.s2mel.modules.campplus.DTDNN import CAMPPlus
    from indextts.s2mel.modules.commons import MyModel
    from omegaconf import OmegaConf
    from safetensors.torch import save_file
    from transformers import SeamlessM4TFeatureExtractor, Wav2Vec2BertConfig, Wav2Vec2BertModel

    from tests.engines.indextts2.checkpoint import vocabulary

    config = yaml.safe_load(OFFICIAL.read_text())
    if size == "small":
        config = merged(config, SMALLER)
    (work / "hf_cache/bigvgan").mkdir(parents=True)
    (work / "config.yaml").write_text(yaml.safe_dump(config))
    vocabulary(work / "bpe.model")
    cfg = OmegaConf.create(config)
    heard = (
        Wav2Vec2BertConfig()
        if size == "full"
        else Wav2Vec2BertConfig(num_hidden_layers=MEANINGS + 1, intermediate_size=256)
    )
    vocoder = BIGVGAN | ({} if size == "full" else {"upsample_initial_channel": 192})
    (work / "hf_cache/bigvgan/config.json").write_text(json.dumps(vocoder))

    def gpt(state: dict[str, Tensor], path: Path) -> None:
        state["mel_head.bias"][config["gpt"]["stop_mel_token"]] = -50  # as many codes as are allowed
        torch.save(state, path)

    def s2mel(state: dict[str, Tensor], path: Path) -> None:
        nets: dict[str, dict[str, Tensor]] = {}
        for name, value in state.items():
            _, net, rest = name.split(".", 2)
            nets.setdefault(net, {})[rest] = value
        torch.save({"net": nets}, path)

    def bert(state: dict[str, Tensor], path: Path) -> None:
        heard.save_pretrained(path.parent)
        SeamlessM4TFeatureExtractor().save_pretrained(path.parent)
        save_file(state, path, {"format": "pt"})

    networks: list[tuple[str, str, Callable[[], nn.Module], Callable[[dict[str, Tensor], Path], Any], float]] = [
        ("text to semantic", "gpt.pth", lambda: UnifiedVoice(**cfg.gpt), gpt, 1.0),
        ("w2v-bert 2.0", "hf_cache/w2v-bert-2.0/model.safetensors", lambda: Wav2Vec2BertModel(heard), bert, 0.7),
        ("semantic to mel", "s2mel.pth", lambda: MyModel(cfg.s2mel, use_gpt_latent=True), s2mel, 1.0),
        ("semantic codec", "hf_cache/semantic_codec_model.safetensors", lambda: build_semantic_codec(cfg.semantic_codec),
         save_file, 1.0),
        ("speaker encoder", "hf_cache/campplus_cn_common.bin", lambda: CAMPPlus(feat_dim=80, embedding_size=192),
         torch.save, 1.0),
        ("vocoder", "hf_cache/bigvgan/bigvgan_generator.pt", lambda: BigVGAN(AttrDict(vocoder)),
         lambda state, path: torch.save({"generator": state}, path), 0.8),
    ]  # fmt: skip
    for name, path, build, write, gain in networks:
        with contextlib.redirect_stdout(io.StringIO()):
            network = build()
        count = sum(one.numel() for one in network.parameters())
        state = drawn(network.state_dict(), gain)
        del network
        write(state, work / path)
        print(
            f"  {name}: {count / 1e6:.1f} M parameters, {path} {(work / path).stat().st_size / 1e9:.2f} GB", flush=True
        )
    random = torch.Generator().manual_seed(1)
    statistics = {"mean": torch.randn(1024, generator=random) * 0.1, "var": torch.rand(1024, generator=random) + 0.5}
    torch.save(statistics, work / "wav2vec2bert_stats.pt")
    people = sum(config["emo_num"])
    torch.save(torch.randn(people, 192, generator=random), work / "feat1.pt")
    torch.save(torch.randn(people, 1280, generator=random), work / "feat2.pt")


def merged(whole: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """`whole` with the values of `part` put in, folder by folder."""
    return whole | {key: merged(whole[key], value) if isinstance(value, dict) else value for key, value in part.items()}


_ASKING = re.compile(r"wqkv|c_attn|linear_[qk]|to_q|to_kv")
SHARP = 1.5
"""Attention asks more sharply than by chance, as a trained one does."""


def drawn(state: dict[str, Tensor], gain: float = 1.0) -> dict[str, Tensor]:
    """Random weights under which every part matters and nothing grows: a layer gives about `gain` times what it is given."""
    random = torch.Generator().manual_seed(7)

    def normal(like: Tensor, scale: float, middle: float = 0.0) -> Tensor:
        return torch.empty_like(like).normal_(middle, scale, generator=random)

    found = {}
    for name, value in state.items():
        last = name.rpartition(".")[2]
        if not value.is_floating_point() or name.endswith(("pos_enc.pe", "filter", "freqs", "inv_freq", "attn.bias")):
            found[name] = value.clone()
        elif last == "running_var":
            found[name] = torch.empty_like(value).uniform_(0.5, 1.5, generator=random)
        elif last == "weight_g":  # the norm of a row; small at the end of the vocoder, so that nothing is clipped
            middle = 0.05 if "conv_post" in name else gain
            found[name] = normal(value, 0.1 * middle, middle)
        elif last == "weight_v" or last == "latents":
            found[name] = normal(value, 1.0)
        elif value.dim() == 1:
            found[name] = normal(value, 0.1, 1.0 if last in ("weight", "gamma") else 0.0)
        elif "emb" in name and value.dim() == 2 and "embedder" not in name:
            found[name] = normal(value, 0.3)
        else:  # GPT-2 stores (inputs, outputs)
            inputs = len(value) if name.startswith("gpt.h.") else math.prod(value.shape[1:])
            found[name] = normal(value, gain * (SHARP if _ASKING.search(name) else 1) / math.sqrt(inputs))
    return found


# --- the utterance --------------------------------------------------------------------------------


def speak(work: Path, text: str, count: int, seed: int) -> None:
    """Speak `text` with the voice of clip.wav, greedily, `count` codes at most, and keep every stage in public.npz. Nothing is
    changed but the flow's noise, which is drawn from `seed`."""
    from indextts.infer_v2 import IndexTTS2

    cache = work / "hf_cache"
    began = time.perf_counter()
    logging.disable()
    paths = {
        "w2v_bert": "w2v-bert-2.0", "semantic_codec": "semantic_codec_model.safetensors",
        "campplus": "campplus_cn_common.bin", "bigvgan": "bigvgan",
    }  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        program = IndexTTS2(
            str(work / "config.yaml"), str(work), device="cpu", use_qwen_emo=False,
            aux_paths={name: str(cache / path) for name, path in paths.items()},
        )  # fmt: skip
    loaded = time.perf_counter()
    kept: dict[str, Tensor] = {}
    generate, merge = program.gpt.inference_speech, program.gpt.merge_emovec
    flow, mean = program.s2mel.models["cfm"].inference, program.semantic_codec.quantize

    def quantize(features: Tensor) -> tuple[Tensor, Tensor]:
        kept["meanings"], vectors = mean(features)
        return kept["meanings"], vectors

    def merge_emovec(*given: Any, **more: Any) -> Tensor:
        kept["emotion"] = merge(*given, **more)
        return kept["emotion"]

    def inference_speech(features: Tensor, ids: Tensor, *given: Any, **more: Any) -> tuple[Tensor, Tensor]:
        kept["ids"] = ids
        kept["codes"], kept["timbre"] = generate(features, ids, *given, **more)
        return kept["codes"], kept["timbre"]

    def inference(*given: Any, **more: Any) -> Tensor:
        own = torch.randn
        torch.randn = lambda shape, **_: own(shape, generator=torch.Generator().manual_seed(seed))  # type: ignore[assignment]
        try:
            kept["mel"] = flow(*given, **more)
        finally:
            torch.randn = own
        return kept["mel"]

    program.gpt.inference_speech, program.gpt.merge_emovec = inference_speech, merge_emovec
    program.s2mel.models["cfm"].inference, program.semantic_codec.quantize = inference, quantize
    program.gpt.register_forward_hook(lambda *call: kept.__setitem__("latents", call[-1]))
    program.s2mel.models["length_regulator"].register_forward_hook(
        lambda *call: kept.__setitem__("content", call[-1][0])
    )
    program.bigvgan.register_forward_hook(lambda *call: kept.__setitem__("wave", call[-1][0]))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        program.infer(str(work / "clip.wav"), text, None, top_k=1, num_beams=1, max_mel_tokens=count)
    spoken = time.perf_counter()
    kept["reference mel"], kept["style"] = program.cache_mel, program.cache_s2mel_style
    kept["prompt"], kept["features"] = program.cache_s2mel_prompt, program.cache_spk_cond
    kept["mel"] = kept["mel"][:, :, program.cache_mel.shape[-1] :]
    np.savez(work / "public.npz", **{name: value.detach().squeeze(0).numpy() for name, value in kept.items()})
    print(f"loading {loaded - began:.0f} s, speaking {spoken - loaded:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("make", "speak"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--public", type=Path, required=True, metavar="DIR")
    parser.add_argument("--size", choices=("full", "small"), default="full")
    parser.add_argument("--text", default="")
    parser.add_argument("--codes", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    sys.path.insert(0, str(given.public))
    torch.set_num_threads(given.threads)
    if given.step == "make":
        make(given.work, given.size)
    else:
        speak(given.work, given.text, given.codes, given.seed)


if __name__ == "__main__":
    main()
