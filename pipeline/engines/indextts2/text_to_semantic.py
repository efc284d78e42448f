"""Text-to-semantic transformer: text and conditioning -> semantic codes, one after the other, with a KV cache.

A GPT-2 trunk (Radford et al. 2019) of 24 layers. A sequence is: 32 vectors of timbre with the emotion added, two constant
vectors that stand where the paper has duration control, the text between its marks, then the codes.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.engines.indextts2.conditioner import Conformer, Perceiver
from pipeline.engines.indextts2.cores import each
from pipeline.engines.indextts2.layers import Packed

LATENTS = 32
"""Vectors of timbre."""
SLOTS = LATENTS + 2
"""Vectors before the text."""
Cache: TypeAlias = list[tuple[Tensor, Tensor]]
"""Keys and values of every layer, (rows, heads, room, size) each."""


class Projection(nn.Module):
    """A linear layer whose weight lies (inputs, outputs), as GPT-2 stores it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs).normal_(std=0.02))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.bias, x.flatten(0, -2), self.weight).unflatten(0, x.shape[:-1])


class Attention(nn.Module):
    """Causal self-attention over a cache of keys and values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.c_attn, self.c_proj = Projection(width, 3 * width), Projection(width, width)

    def forward(
        self, x: Tensor, mask: Tensor, cache: tuple[Tensor, Tensor] | None, at: tuple[Any, ...] | None
    ) -> Tensor:
        """x: (B, n, width). mask: (B, 1, n, keys), added to what is seen of a key. With a cache (B, heads, room, size) each,
        this step's keys and values are written into it at the places `at` and the whole of it is looked at."""
        q, k, v = (
            one.unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in self.c_attn(x).chunk(3, -1)
        )  # (B, heads, n, size)
        if cache is not None and at is not None:
            cache[0][at], cache[1][at] = k, v
            k, v = cache
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.c_proj(y.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    """Two layers with the tanh form of GELU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc, self.c_proj = Projection(width, 4 * width), Projection(4 * width, width)
        self.bend: nn.Module = nn.GELU("tanh")

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(self.bend(self.c_fc(x)))


class Block(nn.Module):
    """Attention and layers, each normalized before and added."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(width), Attention(width, heads)
        self.ln_2, self.mlp = nn.LayerNorm(width), Mlp(width)

    def forward(
        self, x: Tensor, mask: Tensor, cache: tuple[Tensor, Tensor] | None, at: tuple[Any, ...] | None
    ) -> Tensor:
        x = x + self.attn(self.ln_1(x), mask, cache, at)
        return x + self.mlp(self.ln_2(x))


class Trunk(nn.Module):
    """The layers and the norm behind them; no tables of its own."""

    def __init__(self, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.heads = heads
        self.h = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor, cache: Cache | None = None, at: Tensor | slice | None = None) -> Tensor:
        """x: (B, n, width). mask: True where a key may be seen, of a shape that widens to (B, heads, n, keys). With a `cache`
        (see `TextToSemantic.cache`), keys and values are kept there at the places `at`: (B, n), or the same of all rows."""
        where: tuple[Any, ...] = (slice(None), slice(None), at)
        if isinstance(at, Tensor):
            rows, heads = torch.arange(len(x), device=x.device), torch.arange(self.heads, device=x.device)
            where = rows[:, None, None], heads[None, :, None], at[:, None]
        mask = torch.zeros_like(mask, dtype=x.dtype).masked_fill_(~mask, -torch.inf)
        for number, block in enumerate(self.h):
            x = block(x, mask, cache[number] if cache else None, where)
        return self.ln_f(x)


class _Table(nn.Module):
    """Learnt positions."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.emb = nn.Embedding(length, width)

    def forward(self, at: Tensor) -> Tensor:
        return self.emb(at)


class TextToSemantic(nn.Module):
    """The model of a checkpoint's ``gpt.pth``; `options` is config.yaml's ``gpt``, `inputs` the width of
    the features. The emotion's perceiver is 1,024 wide, which the official configuration does not say."""

    def __init__(self, options: dict[str, Any], inputs: int = 1024) -> None:
        super().__init__()
        width, self.options = options["model_dim"], options
        spoken, felt = options["condition_module"], options["emo_condition_module"]
        self.conditioning_encoder, self.emo_conditioning_encoder = Conformer(inputs, spoken), Conformer(inputs, felt)
        self.perceiver_encoder = Perceiver(
            spoken["output_size"], width, LATENTS, spoken["attention_heads"], spoken["perceiver_mult"]
        )
        narrow = felt.get("perceiver_width", 1024)
        self.emo_perceiver_encoder = Perceiver(
            felt["output_size"], narrow, 1, felt["attention_heads"], felt["perceiver_mult"]
        )
        self.emovec_layer, self.emo_layer = nn.Linear(narrow, width), nn.Linear(width, width)
        self.speed_emb = nn.Embedding(2, width)
        self.text_embedding = nn.Embedding(options["number_text_tokens"] + 1, width)
        self.mel_embedding = nn.Embedding(options["number_mel_codes"], width)
        self.text_pos_embedding = _Table(options["max_text_tokens"] + 2, width)
        self.mel_pos_embedding = _Table(options["max_mel_tokens"] + 3, width)
        self.gpt = Trunk(width, options["heads"], options["layers"])
        self.final_norm = nn.LayerNorm(width)
        self.text_head = nn.Linear(width, options["number_text_tokens"] + 1)
        self.mel_head: nn.Module = nn.Linear(width, options["number_mel_codes"])

    # --- conditioning ---

    def timbre(self, features: Tensor, mask: Tensor) -> Tensor:
        """(B, T, inputs), (B, T) -> (B, 32, width): who speaks."""
        return self.perceiver_encoder(*self.conditioning_encoder(features, mask))

    def emotion(self, features: Tensor, mask: Tensor) -> Tensor:
        """(B, T, inputs), (B, T) -> (B, width): how it feels."""
        felt = self.emo_perceiver_encoder(*self.emo_conditioning_encoder(features, mask))[:, 0]
        return self.emo_layer(self.emovec_layer(felt))

    def decode_in(self, precision: torch.dtype) -> None:
        """Compute sequences in `precision`; the conditioning stays as it is."""
        for part in (
            self.speed_emb, self.text_embedding, self.mel_embedding, self.text_pos_embedding, self.mel_pos_embedding,
            self.gpt, self.final_norm, self.mel_head,
        ):  # fmt: skip
            part.to(precision)

    def pack(self) -> None:
        """Lay out the weights of sequences for a CPU, where that can be done; they cannot be saved any more."""
        if not Packed.possible():
            return
        block: Any
        for block in self.gpt.h:
            for part, name, bend in (
                (block.attn, "c_attn", False), (block.attn, "c_proj", False), (block.mlp, "c_fc", True),
                (block.mlp, "c_proj", False),
            ):  # fmt: skip
                layer = getattr(part, name)
                setattr(part, name, Packed(layer.weight.T, layer.bias, bend=bend))
            block.mlp.bend = nn.Identity()
        if isinstance(self.mel_head, nn.Linear):
            self.mel_head = Packed(self.mel_head.weight, self.mel_head.bias)

    # --- sequences ---

    def prompt(self, timbre: Tensor, emotion: Tensor, text: Tensor) -> Tensor:
        """One line's sequence before its codes. timbre (32, width), emotion (width), text (L,) ids without marks ->
        (34 + L + 2, width)."""
        marks = self.options["start_text_token"], self.options["stop_text_token"]
        ids = F.pad(F.pad(text, (1, 0), value=marks[0]), (0, 1), value=marks[1])
        place = torch.arange(len(ids), device=text.device)
        words = self.text_embedding(ids) + self.text_pos_embedding(place)
        parts = timbre + emotion, self.speed_emb.weight.flip(0), words
        return torch.cat([part.to(words.dtype) for part in parts])

    def step_embedding(self, codes: Tensor, positions: Tensor) -> Tensor:
        """(B, n) codes and their places among the codes -> (B, n, width)."""
        return self.mel_embedding(codes) + self.mel_pos_embedding(positions)

    def logits(self, hidden: Tensor) -> Tensor:
        """(…, width) of the trunk -> (…, codes) float32."""
        return self.mel_head(self.final_norm(hidden)).float()

    @torch.inference_mode()
    def latents(self, prompts: list[Tensor], codes: list[Tensor], *, alone: bool = False) -> list[Tensor]:
        """What the transformer knew when it chose each code: a second, parallel pass over finished lines, batched or, on a
        CPU, each `alone`.

        prompts: (P, width) each, codes: (n,) each -> (n, width) each.
        """
        if alone:
            return each(
                lambda at: self.latents([prompts[at]], [codes[at]])[0], range(len(codes)), self.final_norm.weight.device,
                [len(prompt) + len(row) for prompt, row in zip(prompts, codes, strict=True)],
            )  # fmt: skip
        start, stop = self.options["start_mel_token"], self.options["stop_mel_token"]
        rows = []
        for prompt, row in zip(prompts, codes, strict=True):
            row = F.pad(F.pad(row, (1, 0), value=start), (0, 1), value=stop)
            place = torch.arange(len(row), device=row.device)
            rows.append(torch.cat([prompt, self.step_embedding(row, place).to(prompt.dtype)]))
        x = nn.utils.rnn.pad_sequence(rows, batch_first=True)  # causal: padding at the end is seen by nobody
        causal = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).tril()
        hidden = self.final_norm(self.gpt(x, causal))
        lengths = [(len(prompt), len(row)) for prompt, row in zip(prompts, codes, strict=True)]
        return [hidden[at, first : first + count] for at, (first, count) in enumerate(lengths)]

    def cache(self, rows: int, room: int) -> Cache:
        """An empty one."""
        heads, like = self.options["heads"], self.final_norm.weight
        shape = (rows, heads, room, like.numel() // heads)
        return [(like.new_zeros(shape), like.new_zeros(shape)) for _ in self.gpt.h]
