"""Decoding: many lines at once, each in a row of one KV cache; a line that ends gives its row to the next at once.

A row sees its own keys only, draws its own random numbers from its own seed, and is penalized for its own codes only. What
runs beside it changes its numbers by rounding and no more: kernels choose another order of sums for another count of rows
(under four on a CPU) and other lengths. A draw within that rounding of a boundary falls otherwise; docs/engines.md says
how seldom.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.engines.indextts2.text_to_semantic import SLOTS, Cache, TextToSemantic

_POLL = 8
"""Steps between two looks at which rows have ended, on a GPU; it would wait for each look."""
GRAIN = 16
"""The part of the cache that is looked at grows by so many places."""
_BEGINNINGS = 16
"""Voices and emotions whose part of a prompt is kept, of 8 MB each at the official size."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """The official options; temperature 0 = always the likeliest code, top_k 0 = all. Official are three beams: here one,
    which is three times as fast, unless the voice says so."""

    top_k: int = 30
    top_p: float = 0.8
    temperature: float = 0.8
    repetition_penalty: float = 10.0
    beams: int = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """A line to decode: its `prompt` (P, width), its seed, and how many codes it may have at most (50 a second). With
    `exactly`, it has just that many, whatever the stop code says."""

    prompt: Tensor
    seed: int
    longest: int
    exactly: bool = False


@dataclass(frozen=True, slots=True)
class Decoded:
    """`codes` (n,) without the stop code; `stopped` False when the limit came first. `latents` (n, width): what
    `TextToSemantic.latents` finds, where the decoder has found it."""

    index: int
    codes: Tensor
    stopped: bool
    latents: Tensor | None = None


class Decoder:
    """Decodes on `rows` rows of a cache with `room` places each (prompt and codes together). The rows in use are always the
    first ones: what a step works on is a view of the cache, never a copy."""

    def __init__(self, model: TextToSemantic, rows: int, room: int, sampling: Sampling = Sampling()) -> None:
        self.model, self.rows, self.room, self.sampling = model, rows, room, sampling
        self.start, self.stop = model.options["start_mel_token"], model.options["stop_mel_token"]
        device, codes = model.final_norm.weight.device, model.options["number_mel_codes"]
        self.device, self.poll = device, 1 if device.type == "cpu" else _POLL
        self.cache, self.reader = model.cache(rows, room), PromptReader(model)
        self.filled = torch.zeros(rows, dtype=torch.long, device=device)
        self.step = torch.zeros(rows, dtype=torch.long, device=device)
        self.seen = torch.zeros(rows, codes, dtype=torch.bool, device=device)
        self.draws = torch.zeros(rows, room, device=device)
        self.codes = torch.full((rows, room), self.stop, device=device)
        self.limit = torch.zeros(rows, dtype=torch.long, device=device)
        self.forced = torch.zeros(rows, dtype=torch.bool, device=device)
        self.wishes: list[int] = []
        """Which wish each row in use decodes."""
        self.used: list[int] = []
        """`filled`, known without asking the device."""
        self.prompts: list[int] = []
        """Places of each row's prompt, without the start code."""

    @torch.inference_mode()
    def decode(self, wishes: Iterable[Wish]) -> Iterator[Decoded]:
        """Every wish once, in the order in which they end. Raises ValueError for one that has no room."""
        waiting = deque(enumerate(wishes))
        self.wishes, self.used, self.prompts = [], [], []
        free: list[int] = []
        while True:
            fresh = []
            while waiting and (free or len(self.wishes) < self.rows):
                index, wish = waiting.popleft()
                row = free.pop() if free else len(self.wishes)
                self.wishes[row : row + 1], self.used[row : row + 1] = [index], [0]
                self.prompts[row : row + 1] = [len(wish.prompt)]
                fresh.append((row, wish))
            if fresh:
                self._begin(fresh)
            for row in sorted(free, reverse=True):
                self._close(row)
            if not self.wishes:
                return
            for _ in range(self.poll):
                self._advance()
            done = self._done()
            for row, codes, stopped in done:
                yield Decoded(self.wishes[row], codes, stopped, self._latents(row, codes))
            free = [row for row, _, _ in done]

    def _begin(self, new: list[tuple[int, Wish]]) -> None:
        """Read the prompts of new rows, all at once, and choose their first codes."""
        device = self.device
        rows = torch.tensor([row for row, _ in new], device=device)
        last, part, lengths = self.reader.read([wish for _, wish in new], self.room - self.poll)
        for (row, _), length in zip(new, lengths, strict=True):
            self.used[row] = length
        for (k, v), (new_k, new_v) in zip(self.cache, part, strict=True):
            k[rows, :, : max(lengths)], v[rows, :, : max(lengths)] = new_k, new_v
        self.filled[rows], self.step[rows] = torch.tensor(lengths, device=device), 0
        self.limit[rows] = torch.tensor([wish.longest for _, wish in new], device=device)
        self.forced[rows] = torch.tensor([wish.exactly for _, wish in new], device=device)
        self.seen[rows] = False
        self.seen[rows, self.start] = True
        self.seen[rows, 1] = True  # the official program's prompt is code 1 to its penalty
        for row, wish in new:
            drawn = torch.rand(wish.longest + self.poll, generator=torch.Generator().manual_seed(wish.seed % 2**63))
            self.draws[row, : len(drawn)] = drawn.to(device)
        self._choose(rows, self.model.logits(last))

    def _close(self, row: int) -> None:
        """Give up `row`: the last row in use takes its place."""
        last = len(self.wishes) - 1
        if row != last:
            held = self.used[last]
            for k, v in self.cache:
                k[row, :, :held], v[row, :, :held] = k[last, :, :held], v[last, :, :held]
            for one in (self.filled, self.step, self.seen, self.draws, self.codes, self.limit, self.forced):
                one[row] = one[last]
            self.wishes[row], self.used[row], self.prompts[row] = self.wishes[last], held, self.prompts[last]
        for held_for in (self.wishes, self.used, self.prompts):
            held_for.pop()

    def _latents(self, row: int, codes: Tensor) -> Tensor | None:
        """What `TextToSemantic.latents` finds for a row that has ended, the prompt not read again: its keys and values are in
        the cache still; those of the codes, which the second pass counts otherwise, are written over. None on a GPU, which
        is faster with many lines at once, and for a line without codes."""
        if self.device.type != "cpu" or not len(codes):
            return None
        first, count = self.prompts[row], len(codes)
        at = torch.arange(count)[None]
        x = self.model.step_embedding(torch.cat([codes.new_tensor([self.start]), codes[:-1]])[None], at)
        part = _cut(self.cache, row, first + count)
        mask = torch.arange(first + count)[None] <= first + at[0][:, None]
        return self.model.final_norm(self.model.gpt(x.to(part[0][0].dtype), mask, part, slice(first, first + count)))[0]

    def _advance(self) -> None:
        """One more code for each row in use."""
        rows = torch.arange(len(self.wishes), device=self.device)
        last = self.codes[rows, self.step[: len(rows)] - 1]
        place = self.step[: len(rows)] + 1  # the official program skips position 1 when it decodes
        x = self.model.step_embedding(last[:, None], place[:, None]).to(self.cache[0][0].dtype)
        room = min(-(-(max(self.used) + 1) // GRAIN) * GRAIN, self.room)
        filled = self.filled[: len(rows), None]
        mask = torch.arange(room, device=self.device)[None] <= filled
        part = [(k[: len(rows), :, :room], v[: len(rows), :, :room]) for k, v in self.cache]
        hidden = self.model.gpt(x, mask[:, None, None], part, filled)
        self.filled[: len(rows)] += 1
        self.used = [count + 1 for count in self.used]
        self._choose(rows, self.model.logits(hidden[:, 0]))

    def _choose(self, rows: Tensor, logits: Tensor) -> None:
        """Draw a code for each row and note it."""
        step = self.step[rows]
        held = self.forced[rows]
        logits[:, self.stop] = torch.where(held, -torch.inf, logits[:, self.stop])
        chosen = chosen_codes(logits, self.seen[rows], self.draws[rows, step], self.sampling)
        self.codes[rows, step] = chosen
        self.seen[rows, chosen] = True
        self.step[rows] = step + 1

    def _done(self) -> list[tuple[int, Tensor, bool]]:
        """Rows that have ended, their codes, and whether the stop code or a forced count ended them."""
        found = []
        count = len(self.wishes)
        state = torch.stack([self.step[:count], self.limit[:count], self.forced[:count].long()]).tolist()
        stops = (self.codes[:count] == self.stop) & (
            torch.arange(self.room, device=self.device) < self.step[:count, None]
        )
        firsts = torch.where(stops.any(1), stops.int().argmax(1), self.room).tolist()
        for row, (first, step, limit, forced) in enumerate(zip(firsts, *state, strict=True)):
            if first < limit:
                found.append((row, self.codes[row, :first].clone(), True))
            elif step >= limit:
                found.append((row, self.codes[row, :limit].clone(), bool(forced)))
        return found


class PromptReader:
    """Reads what lines have before their codes: on a GPU all at once, on a CPU one by one, so that each is read alike whatever
    is beside it, and what lines of one voice and emotion begin with, more than half of most prompts, once."""

    def __init__(self, model: TextToSemantic) -> None:
        self.model = model
        self.beginnings: dict[bytes, Cache] = {}

    def read(self, wishes: Sequence[Wish], room: int) -> tuple[Tensor, Cache, list[int]]:
        """Read the prompts and the start code behind each: what the trunk says at the end of each (B, width), its keys and
        values for a cache, and how many places each takes.

        Raises ValueError for a line that does not fit `room` places, its codes counted.
        """
        device = self.model.final_norm.weight.device
        zero = torch.zeros(1, 1, dtype=torch.long, device=device)
        first = self.model.step_embedding(zero + self.model.options["start_mel_token"], zero)[0]
        texts = [torch.cat([wish.prompt, first.to(wish.prompt.dtype)]) for wish in wishes]
        lengths = [len(text) for text in texts]
        for length, wish in zip(lengths, wishes, strict=True):
            if length + wish.longest > room:
                raise ValueError(f"{length} places of prompt and {wish.longest} codes do not fit {room}")
        part = self.model.cache(len(texts), max(lengths))
        if device.type == "cpu":
            ends = [self._alone(text, _cut(part, row, len(text))) for row, text in enumerate(texts)]
            return torch.stack(ends), part, lengths
        x = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
        at = torch.arange(x.shape[1], device=device)
        hidden = self.model.gpt(x, at[None] <= at[:, None], part, slice(0, len(at)))
        return hidden[torch.arange(len(x)), torch.tensor(lengths) - 1], part, lengths

    def _alone(self, text: Tensor, kept: Cache) -> Tensor:
        """Fill the cache of one row from its text (n, width); what the trunk says at its end, (width,)."""
        at = torch.arange(len(text))
        mask = at[None] <= at[:, None]
        own = min(SLOTS, len(text) - 1)
        name = text[:own].contiguous().view(torch.uint8).numpy().tobytes()
        beginning = _cut(kept, 0, own)
        if name not in self.beginnings:
            self.model.gpt(text[None, :own], mask[:own, :own], beginning, slice(0, own))
            if len(self.beginnings) == _BEGINNINGS:
                del self.beginnings[next(iter(self.beginnings))]
            self.beginnings[name] = [(k.clone(), v.clone()) for k, v in beginning]
        else:
            for (k, v), (known_k, known_v) in zip(beginning, self.beginnings[name], strict=True):
                k.copy_(known_k), v.copy_(known_v)
        return self.model.gpt(text[None, own:], mask[own:], kept, slice(own, len(at)))[0, -1]


def _cut(cache: Cache, row: int, places: int) -> Cache:
    """The first `places` of one row."""
    return [(k[row : row + 1, :, :places], v[row : row + 1, :, :places]) for k, v in cache]


def chosen_codes(logits: Tensor, seen: Tensor, draws: Tensor, sampling: Sampling) -> Tensor:
    """A code for each row. logits (B, codes) float32; seen (B, codes): already used; draws (B,) in [0, 1).

    In the official order: penalty (Keskar et al. 2019), temperature, top-k, top-p (Holtzman et al. 2020), draw.
    """
    logits = penalized(logits, seen, sampling.repetition_penalty)
    if sampling.temperature == 0:
        return logits.argmax(-1)
    best, which = likely_codes(logits, sampling)
    at = (best.softmax(-1).cumsum(-1) <= draws[:, None] * (1 - 1e-6)).sum(-1, keepdim=True)
    return which.gather(-1, at.clamp(max=best.shape[-1] - 1))[:, 0]


def penalized(scores: Tensor, seen: Tensor, by: float) -> Tensor:
    """Scores (B, codes) of codes already used made worse: logits or log-probabilities."""
    return torch.where(seen, torch.where(scores > 0, scores / by, scores * by), scores)


def likely_codes(scores: Tensor, sampling: Sampling, least: int = 1) -> tuple[Tensor, Tensor]:
    """The codes worth drawing, by temperature, top-k and top-p, at least `least`: scores (B, k), −inf where cut, the best
    first; and the codes they are of."""
    count = min(max(sampling.top_k, least), scores.shape[-1]) if sampling.top_k else scores.shape[-1]
    best, which = (scores / sampling.temperature).topk(count)
    likely = best.softmax(-1)
    tail = likely.flip(-1).cumsum(-1).flip(-1)  # of this code and all that are less likely
    keep = tail > 1 - sampling.top_p
    keep[:, :least] = True
    return best.masked_fill(~keep, -torch.inf), which
