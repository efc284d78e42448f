"""A small checkpoint of random weights in the official layout, key names and file formats."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import yaml

SENTENCES = [
    "天快黑了，河边一个人也没有。", "她说：“你回来了？”", "Rain fell on the harbour, and nobody came.", "他们在桥上等了很久！",
    "The lamp went out. Who is there?", "明天早上七点出发，不要迟到。", "老人笑了笑，没有回答。", "She read the letter twice.",
]  # fmt: skip
PINYIN = ["CHONG2", "ZHANG3", "XVE2", "LV4", "HANG2"]
GPT = {
    "model_dim": 64, "max_mel_tokens": 300, "max_text_tokens": 150, "heads": 4, "layers": 3, "number_text_tokens": 400,
    "number_mel_codes": 130, "start_mel_token": 128, "stop_mel_token": 129, "start_text_token": 0, "stop_text_token": 1,
    "condition_type": "conformer_perceiver", "use_mel_codes_as_input": True, "train_solo_embeddings": False,
    "mel_length_compression": 1024,
    "condition_module": {"output_size": 32, "linear_units": 64, "attention_heads": 4, "num_blocks": 2,
                         "input_layer": "conv2d2", "perceiver_mult": 2},
    "emo_condition_module": {"output_size": 32, "linear_units": 48, "attention_heads": 2, "num_blocks": 2,
                             "input_layer": "conv2d2", "perceiver_mult": 2, "perceiver_width": 64},
}  # fmt: skip
CODEC = {"codebook_size": 128, "hidden_size": 48, "codebook_dim": 8, "vocos_dim": 32, "vocos_intermediate_dim": 64,
         "vocos_num_layers": 2}  # fmt: skip
S2MEL = {
    "preprocess_params": {"sr": 22050, "spect_params": {"n_fft": 1024, "win_length": 1024, "hop_length": 256, "n_mels": 80}},
    "style_encoder": {"dim": 192},
    "length_regulator": {"channels": 64, "is_discrete": False, "in_channels": 48, "content_codebook_size": 16,
                         "sampling_ratios": [1, 1, 1, 1], "vector_quantize": False, "n_codebooks": 1,
                         "quantizer_dropout": 0.0, "f0_condition": False, "n_f0_bins": 512},
    "DiT": {"hidden_dim": 64, "num_heads": 4, "depth": 5, "class_dropout_prob": 0.1, "block_size": 256, "in_channels": 80,
            "style_condition": True, "final_layer_type": "wavenet", "target": "mel", "content_dim": 64,
            "content_codebook_size": 32, "content_type": "discrete", "f0_condition": False, "n_f0_bins": 512,
            "content_codebooks": 1, "is_causal": False, "long_skip_connection": True, "zero_prompt_speech_token": False,
            "time_as_token": False, "style_as_token": False, "uvit_skip_connection": True,
            "add_resblock_in_transformer": False},
    "wavenet": {"hidden_dim": 64, "num_layers": 3, "kernel_size": 5, "dilation_rate": 1, "p_dropout": 0.2,
                "style_condition": True},
    "dit_type": "DiT", "reg_loss_type": "l1",
}  # fmt: skip
BIGVGAN = {
    "num_mels": 80, "upsample_initial_channel": 64, "upsample_rates": [4, 4, 2, 2, 2, 2],
    "upsample_kernel_sizes": [8, 8, 4, 4, 4, 4], "resblock": "1", "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]], "activation": "snakebeta", "snake_logscale": True,
    "use_bias_at_final": False, "use_tanh_at_final": False,
}  # fmt: skip
COUNTS = [3, 17, 2, 8, 4, 5, 10, 24]


def filled(state: dict[str, torch.Tensor], seed: int, scale: float = 0.08) -> dict[str, torch.Tensor]:
    """Random weights for the names and shapes of `state`: the same for the same seed, whoever asks."""
    drawn = torch.Generator().manual_seed(seed)
    found = {}
    for name in sorted(state):
        value = state[name]
        if not value.is_floating_point() or name.endswith(("pos_enc.pe", "filter", "freqs")):
            found[name] = value.clone()
        elif name.endswith(("running_var", "weight_g")):
            found[name] = (torch.rand(value.shape, generator=drawn) + 0.5) * (0.4 if name.endswith("weight_g") else 1.0)
        else:
            found[name] = torch.randn(value.shape, generator=drawn) * scale
    return found


def small_checkpoint(folder: Path, seed: int = 1) -> Path:
    """Write the checkpoint into `folder` and return it."""
    from safetensors.torch import save_file
    from transformers import SeamlessM4TFeatureExtractor, Wav2Vec2BertConfig, Wav2Vec2BertModel

    from pipeline.engines.indextts2.semantic_codec import SemanticCodec
    from pipeline.engines.indextts2.semantic_to_mel import SemanticToMel
    from pipeline.engines.indextts2.speaker_encoder import SpeakerEncoder
    from pipeline.engines.indextts2.text_to_semantic import TextToSemantic
    from pipeline.engines.indextts2.vocoder import Vocoder

    cache = folder / "hf_cache"
    (cache / "bigvgan").mkdir(parents=True)
    config = {"gpt": GPT, "semantic_codec": CODEC, "s2mel": S2MEL, "emo_num": COUNTS, "version": 2.0}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    vocabulary(folder / "bpe.model")
    torch.save(filled(TextToSemantic(GPT, CODEC["hidden_size"]).state_dict(), seed), folder / "gpt.pth")
    nets: dict[str, dict[str, torch.Tensor]] = {}
    for name, value in filled(SemanticToMel(S2MEL, GPT["model_dim"], CODEC["hidden_size"]).state_dict(), seed).items():
        net, _, rest = name.partition(".")
        nets.setdefault(net, {})[rest] = value
    torch.save({"net": nets}, folder / "s2mel.pth")
    save_file(filled(SemanticCodec(CODEC).state_dict(), seed), cache / "semantic_codec_model.safetensors")
    torch.save(filled(SpeakerEncoder().state_dict(), seed), cache / "campplus_cn_common.bin")
    (cache / "bigvgan/config.json").write_text(json.dumps(BIGVGAN))
    torch.save({"generator": filled(Vocoder(BIGVGAN).state_dict(), seed)}, cache / "bigvgan/bigvgan_generator.pt")
    drawn = torch.Generator().manual_seed(seed)
    torch.save({"mean": torch.zeros(48), "var": torch.ones(48)}, folder / "wav2vec2bert_stats.pt")
    torch.save(torch.randn(sum(COUNTS), 192, generator=drawn), folder / "feat1.pt")
    torch.save(torch.randn(sum(COUNTS), GPT["model_dim"], generator=drawn), folder / "feat2.pt")
    torch.manual_seed(seed)
    bert = Wav2Vec2BertConfig(
        hidden_size=48, num_hidden_layers=18, num_attention_heads=4, intermediate_size=64, feature_projection_input_dim=160,
        vocab_size=None, add_adapter=False,
    )  # fmt: skip
    Wav2Vec2BertModel(bert).save_pretrained(cache / "w2v-bert-2.0")
    SeamlessM4TFeatureExtractor().save_pretrained(cache / "w2v-bert-2.0")
    return folder


def vocabulary(path: Path) -> None:
    """Train a small SentencePiece model on our sentences, with a few syllables as pieces of their own."""
    import sentencepiece

    from pipeline.engines.indextts2.text import prepared

    corpus = path.with_suffix(".txt")
    corpus.write_text("\n".join(prepared(one) for one in SENTENCES * 3), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.Train(
        input=str(corpus), model_prefix=str(path.with_suffix("")), vocab_size=240, model_type="bpe", bos_id=0, eos_id=1,
        unk_id=2, pad_id=-1, user_defined_symbols=PINYIN, character_coverage=1.0, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    corpus.unlink()
