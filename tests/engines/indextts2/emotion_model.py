"""Small language models in the layout of the checkpoint's emotion model: one of random weights, one that learnt four answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from pipeline.engines.indextts2.emotion_text import FOLDER, TASK

ANSWERS = {
    "疲惫地低语": '{"悲伤": 0.3, "低落": 0.6}',
    "气得发抖": '{"愤怒": 1.7, "恐惧": 0.15}',
    "excitedly announcing": '{"高兴": 0.85}',
    "低落地说": '{"悲伤": 0.8, "低落": 0.1}',
}
"""What the second one says, in the form that the real one is said to answer in."""
TEMPLATE = """\
{%- for one in messages %}<|im_start|>{{ one.role }}
{{ one.content }}<|im_end|>
{% endfor %}{%- if add_generation_prompt %}<|im_start|>assistant
{% if enable_thinking is defined and not enable_thinking %}<think>

</think>

{% endif %}{% endif %}"""


def emotion_model(checkpoint: Path, seed: int = 1, *, taught: bool = False) -> Path:
    """Write the model into a checkpoint directory and return the model's folder."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    folder = checkpoint / FOLDER
    tokenizer = _tokenizer(folder)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, max_position_embeddings=1024, tie_word_embeddings=True, bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    torch.manual_seed(seed)
    model: Any = Qwen3ForCausalLM(config)
    if taught:
        _teach(model, tokenizer)
    model.save_pretrained(folder)
    return folder


def _tokenizer(folder: Path) -> Any:
    """Written into `folder` under the class that Qwen's own has, and read from there."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    pieces.train_from_iterator([*ANSWERS, *ANSWERS.values(), TASK], trainer)
    pieces.add_tokens(["<think>", "</think>"])
    PreTrainedTokenizerFast(
        tokenizer_object=pieces, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=TEMPLATE
    ).save_pretrained(folder)
    said = json.loads((folder / "tokenizer_config.json").read_text())
    said.pop("backend", None)
    (folder / "tokenizer_config.json").write_text(json.dumps({**said, "tokenizer_class": "Qwen2Tokenizer"}))
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def _teach(model: Any, tokenizer: Any) -> None:
    """Until it knows the answers by heart: some 400 steps, a few seconds."""
    prompts = [
        tokenizer.apply_chat_template(
            [{"role": "system", "content": TASK}, {"role": "user", "content": words}], tokenize=False,
            add_generation_prompt=True, enable_thinking=False,
        )
        for words in ANSWERS
    ]  # fmt: skip
    whole = [f"{prompt}{answer}<|im_end|>" for prompt, answer in zip(prompts, ANSWERS.values(), strict=True)]
    lesson = tokenizer(whole, return_tensors="pt", padding=True, padding_side="right")
    wished = lesson["input_ids"].masked_fill(lesson["attention_mask"] == 0, -100)
    for row, prompt in enumerate(prompts):
        wished[row, : len(tokenizer(prompt)["input_ids"])] = -100
    steps = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(1500):
        loss = model(**lesson, labels=wished).loss
        if loss.item() < 0.005:
            return
        steps.zero_grad()
        loss.backward()
        steps.step()
    raise AssertionError("it did not learn")
