"""A checkpoint directory as the official download lays it out: what must be there, and loading it with nothing left over.

Files come from strangers: tensors are read by safetensors, or by torch with ``weights_only``, which runs no code.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from pipeline.engines.indextts2.conditioner import sinusoids
from pipeline.engines.indextts2.features import LAYER
from pipeline.engines.indextts2.semantic_codec import SemanticCodec
from pipeline.engines.indextts2.semantic_to_mel import SemanticToMel
from pipeline.engines.indextts2.speaker_encoder import SpeakerEncoder
from pipeline.engines.indextts2.text import Tokenizer
from pipeline.engines.indextts2.text_to_semantic import TextToSemantic
from pipeline.engines.indextts2.vocoder import Vocoder
from pipeline.errors import EngineError
from pipeline.files import print_of

M = TypeVar("M", bound=nn.Module)

DOWNLOAD = "huggingface-cli download IndexTeam/IndexTTS-2 --local-dir"
"""The one command that fetches the main files (ModelScope: ``modelscope download --model IndexTeam/IndexTTS-2``)."""
W2V_BERT = "hf_cache/w2v-bert-2.0"
FILES: Mapping[str, str] = {
    "config.yaml": "IndexTeam/IndexTTS-2",
    "bpe.model": "IndexTeam/IndexTTS-2",
    "gpt.pth": "IndexTeam/IndexTTS-2",
    "s2mel.pth": "IndexTeam/IndexTTS-2",
    "wav2vec2bert_stats.pt": "IndexTeam/IndexTTS-2",
    "feat1.pt": "IndexTeam/IndexTTS-2",
    "feat2.pt": "IndexTeam/IndexTTS-2",
    f"{W2V_BERT}/config.json": "facebook/w2v-bert-2.0",
    f"{W2V_BERT}/preprocessor_config.json": "facebook/w2v-bert-2.0",
    f"{W2V_BERT}/model.safetensors": "facebook/w2v-bert-2.0",
    "hf_cache/semantic_codec_model.safetensors": "amphion/MaskGCT",
    "hf_cache/campplus_cn_common.bin": "funasr/campplus",
    "hf_cache/bigvgan/config.json": "nvidia/bigvgan_v2_22khz_80band_256x",
    "hf_cache/bigvgan/bigvgan_generator.pt": "nvidia/bigvgan_v2_22khz_80band_256x",
}
"""Every file that is needed -> the repository it comes from."""
_PASSED_OVER = ("inference_model.", "gpt.wte.")
"""Copies of other weights, which some versions of gpt.pth carry."""


@dataclass(frozen=True)
class Checkpoint:
    """The files of a checkpoint in `folder`. Every reader raises EngineError naming the file and what is wrong with it."""

    folder: Path

    def missing(self) -> list[str]:
        """Files that are not there."""
        return [name for name in FILES if not (self.folder / name).is_file()]

    def check(self) -> None:
        """Raise EngineError when a file is missing, with what fetches it."""
        missing = self.missing()
        if missing:
            raise EngineError(
                f"{len(missing)} files of the checkpoint are missing: {', '.join(missing)}", where=str(self.folder),
                fix=f"`{DOWNLOAD} {self.folder}`; `shuoshu doctor --engine indextts2` says where each file comes from.",
            )  # fmt: skip

    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with the weights. Gigabytes are not read for it: see `print_of`. Raises
        EngineError when a file is missing."""
        self.check()
        prints = "\n".join(f"{name} {print_of(self.folder / name)}" for name in FILES)
        return hashlib.sha256(prints.encode()).hexdigest()[:16]

    def findings(self) -> list[tuple[str, str, str]]:
        """Every file: its name, what is wrong with it ("" = nothing), and where it comes from. Weights are compared by name
        and shape, which does not read them all."""
        readers: dict[str, Callable[[], object]] = {
            "config.yaml": lambda: self.config, "bpe.model": self.tokenizer, "gpt.pth": self.text_to_semantic,
            "s2mel.pth": self.semantic_to_mel, "wav2vec2bert_stats.pt": self.statistics, "feat1.pt": self.emotions,
            "hf_cache/semantic_codec_model.safetensors": self.semantic_codec, "feat2.pt": self.emotions,
            "hf_cache/campplus_cn_common.bin": self.speaker_encoder,
            f"{W2V_BERT}/model.safetensors": self.semantic_encoder, "hf_cache/bigvgan/bigvgan_generator.pt": self.vocoder,
            f"{W2V_BERT}/preprocessor_config.json": self.extractor,
        }  # fmt: skip
        found = []
        for name, source in FILES.items():
            wrong = "" if (self.folder / name).is_file() else "missing"
            if not wrong and name in readers:
                try:
                    readers[name]()
                except EngineError as error:
                    wrong = error.what
            found.append((name, wrong, source))
        return found

    @cached_property
    def config(self) -> dict[str, Any]:
        """config.yaml, with the keys that the networks are built from."""
        import yaml

        path = self.folder / "config.yaml"
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise EngineError(f"it cannot be read: {error}", where=str(path), fix="Download it again.") from error
        for name in ("gpt", "semantic_codec", "s2mel", "emo_num"):
            if not isinstance(found, dict) or name not in found:
                raise EngineError(f"the key {name!r} is missing", where=str(path), fix="Download it again.")
        return dict(found)

    def tokenizer(self) -> Tokenizer:
        return Tokenizer(self.folder / "bpe.model")

    def text_to_semantic(self) -> TextToSemantic:
        codec = self.config["semantic_codec"]
        return self._built(lambda: TextToSemantic(self.config["gpt"], codec["hidden_size"]), "gpt.pth", _of_gpt)

    def semantic_to_mel(self) -> SemanticToMel:
        width, codes = self.config["gpt"]["model_dim"], self.config["semantic_codec"]["hidden_size"]
        return self._built(lambda: SemanticToMel(self.config["s2mel"], width, codes), "s2mel.pth", _of_s2mel)

    def semantic_codec(self) -> SemanticCodec:
        codec = self._built(
            lambda: SemanticCodec(self.config["semantic_codec"]), "hf_cache/semantic_codec_model.safetensors"
        )
        codec.drop_decoder()
        return codec

    def semantic_encoder(self) -> nn.Module:
        """w2v-bert up to the layer that is read, in float32."""
        from transformers import Wav2Vec2BertConfig, Wav2Vec2BertModel

        try:
            config = Wav2Vec2BertConfig.from_pretrained(self.folder / W2V_BERT, local_files_only=True)
        except (OSError, ValueError, TypeError) as error:
            path = self.folder / W2V_BERT / "config.json"
            raise EngineError(f"it cannot be read: {error}", where=str(path), fix="Download it again.") from error
        config.num_hidden_layers, config.mask_time_prob, config.mask_feature_prob = LAYER, 0.0, 0.0
        return self._built(lambda: Wav2Vec2BertModel(config), f"{W2V_BERT}/model.safetensors", _of_w2v_bert).float()

    def extractor(self) -> Any:
        """What makes w2v-bert's input of a clip; of 80 bands, two frames a vector, at 16 kHz, as it was trained."""
        from transformers import SeamlessM4TFeatureExtractor

        path = self.folder / W2V_BERT / "preprocessor_config.json"
        try:
            found = SeamlessM4TFeatureExtractor.from_pretrained(self.folder / W2V_BERT, local_files_only=True)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise EngineError(f"it cannot be read: {error}", where=str(path), fix="Download it again.") from error
        for name, meant in (("num_mel_bins", 80), ("stride", 2), ("sampling_rate", 16_000), ("feature_size", 80)):
            if getattr(found, name, None) != meant:
                what = f"{name} is {getattr(found, name, None)!r}, not {meant}"
                raise EngineError(what, where=str(path), fix="Download it again.")
        return found

    def speaker_encoder(self) -> SpeakerEncoder:
        return self._built(SpeakerEncoder, "hf_cache/campplus_cn_common.bin")

    def vocoder(self) -> Vocoder:
        path = self.folder / "hf_cache/bigvgan/config.json"
        try:
            options = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise EngineError(f"it cannot be read: {error}", where=str(path), fix="Download it again.") from error
        return self._built(
            lambda: Vocoder(options), "hf_cache/bigvgan/bigvgan_generator.pt", lambda found: found["generator"]
        )

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and variance of the semantic features, (width,) each."""
        found = self.tensors("wav2vec2bert_stats.pt")
        return found["mean"], found["var"]

    def emotions(self) -> tuple[list[Tensor], list[Tensor]]:
        """For each of the eight emotions: styles (n, 192) of those who spoke, and their emotion vectors (n, width)."""
        counts = self.config["emo_num"]
        styles, vectors = (self._matrix(name, sum(counts)).split(counts) for name in ("feat1.pt", "feat2.pt"))
        return list(styles), list(vectors)

    def _matrix(self, name: str, rows: int) -> Tensor:
        found = self.tensors(name)
        if not isinstance(found, Tensor) or found.dim() != 2 or len(found) != rows:
            raise EngineError(
                f"it does not hold a matrix of {rows} rows", where=str(self.folder / name), fix="Download it again."
            )
        return found

    def tensors(self, name: str) -> Any:
        """What a file of tensors holds. Never runs code that the file carries."""
        path = self.folder / name
        try:
            if path.suffix == ".safetensors":
                from safetensors.torch import load_file

                return load_file(path)
            return torch.load(path, map_location="cpu", weights_only=True, mmap=path.stat().st_size > 2**20)
        except pickle.UnpicklingError as error:
            raise EngineError(
                "it holds more than tensors, and such a file could run code; it was not opened", where=str(path),
                fix="Download it from its official source.",
            ) from error  # fmt: skip
        except Exception as error:  # torch and safetensors raise many kinds for files that are not what they should be
            raise EngineError(f"it cannot be read: {error}", where=str(path), fix="Download it again.") from error

    def _built(self, build: Callable[[], M], name: str, pick: Callable[[Any], Any] = lambda found: found) -> M:
        """A network with the weights of a file: every name there and none besides, or EngineError lists them."""
        path, found = self.folder / name, self.tensors(name)
        try:
            state = pick(found)
            with torch.device("meta"):
                network = build()
            wanted = network.state_dict()
        except (KeyError, TypeError, AttributeError) as error:
            raise EngineError(
                f"it is not laid out as expected: {error}", where=str(path), fix="Download it again."
            ) from error
        state = {**{key: _positions(wanted[key]) for key in wanted if key.endswith(".pos_enc.pe")}, **state}
        wrong = [f"missing {key}" for key in wanted if key not in state]
        wrong += [f"unexpected {key}" for key in state if key not in wanted]
        wrong += [
            f"{key} is {tuple(state[key].shape)}, not {tuple(wanted[key].shape)}"
            for key in wanted
            if key in state and state[key].shape != wanted[key].shape
        ]
        if wrong:
            more = f" and {len(wrong) - 8} more" if len(wrong) > 8 else ""
            raise EngineError(
                f"its {len(state)} weights do not fit the model: {'; '.join(wrong[:8])}{more}", where=str(path),
                fix="config.yaml and the weights must be of one release.",
            )  # fmt: skip
        network.load_state_dict(state, assign=True)
        return network.eval()


def _positions(like: Tensor) -> Tensor:
    """The table of positions, which is computed and which not every file carries."""
    return sinusoids(like.shape[1], like.shape[2])[None]


def _of_gpt(found: Any) -> dict[str, Tensor]:
    state = found.get("model", found)
    return {key: value for key, value in state.items() if not key.startswith(_PASSED_OVER)
            and not key.endswith((".attn.bias", ".attn.masked_bias"))}  # fmt: skip


def _of_w2v_bert(found: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without the layers behind the one that is read, and without what only training masks with."""
    layer = re.compile(r"encoder\.layers\.(\d+)\.")
    numbers = {key: int(match[1]) for key in found if (match := layer.match(key))}
    return {key: value for key, value in found.items() if numbers.get(key, 0) < LAYER and key != "masked_spec_embed"}


def _of_s2mel(found: Any) -> dict[str, Tensor]:
    nets = found["net"]
    return {
        f"{name}.{key.removeprefix('module.')}": value
        for name in ("cfm", "length_regulator", "gpt_layer")
        for key, value in nets[name].items()
    }
