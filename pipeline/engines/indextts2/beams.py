"""Decoding with beams, as the official program does by default (three): several continuations of a line compete, and the
likeliest that ends wins.

Beam search in the form of Freitag and Al-Onaizan 2017, drawn by chance like the codes of one beam: of all continuations of
all beams, twice as many as there are beams are drawn without replacement (by Gumbel noise, Kool et al. 2019), the best
that go on are the next beams, and those of the best that end are kept. A line is done when no open beam can beat the worst
one kept. Length is not rewarded (the official length penalty is 0).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from pipeline.engines.indextts2.decoding import GRAIN, Decoded, PromptReader, Sampling, Wish, likely_codes, penalized
from pipeline.engines.indextts2.text_to_semantic import TextToSemantic


@dataclass
class _Line:
    """A line in work. ended: (score, codes) of the continuations kept, the best first."""

    index: int
    wish: Wish
    chance: torch.Generator
    ended: list[tuple[float, Tensor]] = field(default_factory=list)

    def keep(self, score: float, codes: Tensor, beams: int) -> None:
        self.ended.append((score, codes))
        self.ended.sort(key=lambda one: -one[0])
        del self.ended[beams:]


class BeamDecoder:
    """Decodes up to `lines` lines at once, each on `sampling.beams` rows of a cache with `room` places."""

    def __init__(self, model: TextToSemantic, lines: int, room: int, sampling: Sampling) -> None:
        self.model, self.lines, self.room, self.sampling = model, lines, room, sampling
        self.beams = sampling.beams
        self.start, self.stop = model.options["start_mel_token"], model.options["stop_mel_token"]
        self.device, self.reader = model.final_norm.weight.device, PromptReader(model)

    @torch.inference_mode()
    def decode(self, wishes: Sequence[Wish]) -> Iterator[Decoded]:
        """Every wish once, in the order in which they end. Raises ValueError for one that has no room."""
        for first in range(0, len(wishes), self.lines):
            yield from self._together([
                _Line(first + at, wish, torch.Generator().manual_seed(wish.seed % 2**63))
                for at, wish in enumerate(wishes[first : first + self.lines])
            ])  # fmt: skip

    def _together(self, lines: list[_Line]) -> Iterator[Decoded]:
        hidden = self._begin(lines)
        for step in range(max(line.wish.longest for line in lines) + 1):
            scores, parents, codes = self._continued(lines, hidden, step)
            going = []
            for at, line in enumerate(lines):
                over = line.wish.longest == step + 1
                done = self._settled(line, at, step, scores[at], parents[at], codes[at], over=over)
                if done is None:
                    going.append(at)
                else:
                    yield done
            if not going:
                return
            self._follow(going, scores, parents, codes, step)
            lines = [lines[at] for at in going]
            hidden = self._advance(step)

    def _begin(self, lines: list[_Line]) -> Tensor:
        """Read each line's prompt once and give every beam a copy. -> what the trunk says behind it, (rows, width)."""
        last, part, lengths = self.reader.read([line.wish for line in lines], self.room)
        rows = torch.arange(len(lines), device=self.device).repeat_interleave(self.beams)
        self.cache = self.model.cache(len(rows), self.room)
        self.longest = max(lengths)
        for (k, v), (new_k, new_v) in zip(self.cache, part, strict=True):
            k[:, :, : self.longest], v[:, :, : self.longest] = new_k[rows], new_v[rows]
        self.filled = torch.tensor(lengths, device=self.device)[rows]
        self.codes = torch.full((len(rows), self.room), self.stop, device=self.device)
        self.seen = torch.zeros(len(rows), self.model.options["number_mel_codes"], dtype=torch.bool, device=self.device)
        self.seen[:, [self.start, 1]] = True  # the official program's prompt is code 1 to its penalty
        # alike at first: one beam only may be continued
        self.scores = torch.zeros(len(lines), self.beams, device=self.device)
        self.scores[:, 1:] = -1e9
        return last[rows]

    def _continued(self, lines: list[_Line], hidden: Tensor, step: int) -> tuple[list[list[float]], ...]:
        """The best continuations of each line, or some drawn, twice as many as beams, the best first: score, beam, code."""
        logits = self.model.logits(hidden)
        held = [line.wish.exactly for line in lines for _ in range(self.beams)]
        logits[:, self.stop] = torch.where(torch.tensor(held, device=self.device), -torch.inf, logits[:, self.stop])
        score = penalized(logits.log_softmax(-1), self.seen, self.sampling.repetition_penalty)
        if self.sampling.temperature == 0:
            count = min(2 * self.beams, score.shape[-1])
            score, which = score.topk(count)
        else:
            score, which = likely_codes(score, self.sampling, least=2)
            count = score.shape[-1]
        whole = (score.unflatten(0, (len(lines), self.beams)) + self.scores[..., None]).flatten(1)
        if self.sampling.temperature == 0:
            best, at = whole.topk(2 * self.beams)
        else:
            noise = torch.stack([torch.rand(whole.shape[1], generator=line.chance) for line in lines]).to(self.device)
            drawn = (whole.log_softmax(-1) - (-noise.clamp_min(1e-20).log()).log()).topk(2 * self.beams).indices
            best, order = whole.gather(1, drawn).sort(descending=True)  # drawn by chance, ranked by score
            at = drawn.gather(1, order)
        beam = at // count
        code = which.unflatten(0, (len(lines), self.beams)).flatten(1).gather(1, at)
        return best.tolist(), beam.tolist(), code.tolist()

    def _settled(
        self, line: _Line, at: int, step: int, scores: list[float], parents: list[float], codes: list[float], *, over: bool
    ) -> Decoded | None:  # fmt: skip
        """Keep what ends here, cut the lists to the beams that go on, and say what the line is where it is done."""
        row = at * self.beams
        going: list[tuple[float, float, float]] = []
        for rank, (score, parent, code) in enumerate(zip(scores, parents, codes, strict=True)):
            ends = code == self.stop
            if ends and rank < self.beams:
                line.keep(score, self.codes[row + int(parent), :step].clone(), self.beams)
            elif not ends:
                going.append((score, parent, code))
        going = sorted(going, key=lambda one: -one[0])[: self.beams]
        scores[:], parents[:], codes[:] = ([one[part] for one in going] for part in range(3))
        full = len(line.ended) == self.beams and line.ended[-1][0] >= going[0][0]
        if not full and not over:
            return None
        stopped = True
        if over and not full:
            for score, parent, code in going:
                tail = torch.cat([self.codes[row + int(parent), :step], torch.tensor([code], device=self.device)])
                line.keep(score, tail, self.beams)
            stopped = line.wish.exactly or len(line.ended[0][1]) < line.wish.longest
        return Decoded(line.index, line.ended[0][1].long(), stopped)

    def _follow(
        self,
        going: list[int],
        scores: list[list[float]],
        parents: list[list[float]],
        codes: list[list[float]],
        step: int,
    ) -> None:
        """Every row becomes what its continuation says; lines that are done leave."""
        rows = torch.tensor([at * self.beams + int(one) for at in going for one in parents[at]], device=self.device)
        chosen = torch.tensor([int(one) for at in going for one in codes[at]], device=self.device)
        if rows.tolist() != list(range(len(self.filled))):
            used = self.longest + step
            for number, (k, v) in enumerate(self.cache):
                k[: len(rows), :, :used], v[: len(rows), :, :used] = k[rows, :, :used], v[rows, :, :used]
                self.cache[number] = k[: len(rows)], v[: len(rows)]
            self.filled, self.codes, self.seen = self.filled[rows], self.codes[rows], self.seen[rows]
        self.scores = torch.tensor([scores[at] for at in going], device=self.device)
        self.codes[:, step] = chosen
        self.seen[torch.arange(len(rows), device=self.device), chosen] = True

    def _advance(self, step: int) -> Tensor:
        """What the trunk says behind each row's newest code, (rows, width)."""
        at = torch.full_like(self.filled, step + 2)  # the official program skips position 1 when it decodes
        x = self.model.step_embedding(self.codes[:, step : step + 1], at[:, None]).to(self.cache[0][0].dtype)
        room = min(-(-(self.longest + step + 1) // GRAIN) * GRAIN, self.room)
        mask = torch.arange(room, device=self.device)[None] <= self.filled[:, None]
        part = [(k[:, :, :room], v[:, :, :room]) for k, v in self.cache]
        hidden = self.model.gpt(x, mask[:, None, None], part, self.filled[:, None])
        self.filled += 1
        return hidden[:, 0]
