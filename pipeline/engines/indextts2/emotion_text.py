"""Words for a way of speaking -> eight intensities, by the checkpoint's own language model: a Qwen3-0.6B tuned to grade
the emotions of a text. What the official program calls its text mode.

Needs no torch to say whether the model is there and which one it is. Every wording is asked once and its answer kept on disk.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import EngineError
from pipeline.files import cache_home, print_of, write_text

if TYPE_CHECKING:
    import torch

Weights = tuple[float, ...]

FOLDER = "qwen0.6bemo4-merge"
"""Where the model lies in the checkpoint directory."""
FILES = (
    "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    "chat_template.jinja",
)  # fmt: skip
"""What is read of it. The folder's other files (vocab.json, merges.txt …) say the same again."""
TASK = "文本情感分类"
"""The system message that the model was tuned with."""
NAMES = ("高兴", "愤怒", "悲伤", "恐惧", "反感", "低落", "惊讶", "自然")
"""What its answers call the eight, in the order of `EMOTIONS`."""
LABELS = ("emotion", "label", "情感", "情绪")
"""Keys under which an answer may give one name instead of eight intensities."""
HIGHEST = 1.2
"""No intensity counts more, as in the official program."""
LOW_SPIRITS = ("低落", "melancholy", "melancholic", "depression", "depressed", "gloomy")
"""Words that the model takes for sadness: where one is asked for, its sad and its melancholic are exchanged."""
LONGEST_ANSWER = 256
"""Tokens. Eight intensities take about a hundred; the official program allows 32,768, which an answer that never ends would
spend, minutes for one wording, and still be no answer."""

_PAIR = re.compile(rf"({'|'.join(NAMES)})[\"'”’]?\s*[:：]\s*[\"'“‘]?(-?[0-9]*\.?[0-9]+)")


def missing(checkpoint: Path) -> list[str]:
    """The model's files that are not there, as paths in the checkpoint directory."""
    return [f"{FOLDER}/{name}" for name in FILES if not (checkpoint / FOLDER / name).is_file()]


def fingerprint(checkpoint: Path) -> str:
    """16 hexadecimal digits that change with the model; "" where none of its files are there.

    Raises EngineError when some are missing: a download that broke off must not silently read words another way.
    """
    lacking = missing(checkpoint)
    if len(lacking) == len(FILES):
        return ""
    if lacking:
        raise EngineError(
            f"the model that reads emotion words lacks {', '.join(lacking)}", where=str(checkpoint),
            fix=f"Download the checkpoint again, or remove {FOLDER} to have words read by the lexicon.",
        )  # fmt: skip
    prints = "\n".join(f"{name} {print_of(checkpoint / FOLDER / name)}" for name in FILES)
    return hashlib.sha256(prints.encode()).hexdigest()[:16]


class EmotionReader:
    """Reads words by the model of a checkpoint directory, which is loaded for the first wording that is not kept yet."""

    def __init__(self, checkpoint: Path, device: torch.device, rows: int = 16) -> None:
        self.folder, self.device, self.rows = checkpoint / FOLDER, device, rows
        self.kept = cache_home() / "indextts2" / f"words-{fingerprint(checkpoint)}"

    def read(self, wordings: Iterable[str]) -> dict[str, Weights]:
        """Each wording's eight intensities, 0 to `HIGHEST`, in the order of `EMOTIONS`; never all zero.

        An answer that says nothing is calm. Raises EngineError for a model that cannot be loaded.
        """
        answers = {words: self._known(words) for words in wordings}
        asked = sorted(words for words, answer in answers.items() if answer is None)
        for start in range(0, len(asked), self.rows):
            some = asked[start : start + self.rows]
            for words, answer in zip(some, self._answers(some), strict=True):
                answers[words] = answer
                write_text(self._path(words), json.dumps({"words": words, "answer": answer}, ensure_ascii=False))
        return {words: weights_of(answer or "", words) for words, answer in answers.items()}

    def _known(self, words: str) -> str | None:
        """The answer on disk; None for one that is not there or cannot be read."""
        try:
            found = json.loads(self._path(words).read_text(encoding="utf-8"))["answer"]
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return found if isinstance(found, str) else None

    def _path(self, words: str) -> Path:
        decides = json.dumps([TASK, LONGEST_ANSWER, words])
        return self.kept / f"{hashlib.sha256(decides.encode()).hexdigest()}.json"

    def _answers(self, wordings: Sequence[str]) -> list[str]:
        """What the model says to each, its likeliest words: a draw would give a line another emotion on another machine."""
        import torch

        model, tokenizer = self._model
        prompts = [self._prompt(words) for words in wordings]
        given = tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False)
        with torch.inference_mode():
            said = model.generate(
                given["input_ids"].to(self.device), attention_mask=given["attention_mask"].to(self.device),
                generation_config=self._greedy,
            )  # fmt: skip
        told = said[:, given["input_ids"].shape[1] :]
        return [str(one) for one in tokenizer.batch_decode(told, skip_special_tokens=True)]

    def _prompt(self, words: str) -> str:
        _, tokenizer = self._model
        messages = [{"role": "system", "content": TASK}, {"role": "user", "content": words}]
        try:
            return str(
                tokenizer.apply_chat_template(
                    messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
                )
            )
        except Exception as error:  # a template is a program of the checkpoint's own
            raise self._unusable(f"its chat_template.jinja fails: {error}") from error

    @cached_property
    def _greedy(self) -> Any:
        """The model's own settings, without chance."""
        from transformers import GenerationConfig

        model, tokenizer = self._model
        own = model.generation_config
        return GenerationConfig(
            do_sample=False, max_new_tokens=LONGEST_ANSWER, repetition_penalty=own.repetition_penalty,
            eos_token_id=own.eos_token_id if own.eos_token_id is not None else tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip

    @cached_property
    def _model(self) -> tuple[Any, Any]:
        """From the folder alone: nothing is fetched, no code or pickle in it is run, every weight must be there."""
        import torch
        from transformers import AutoTokenizer, Qwen3ForCausalLM

        read: Any = Qwen3ForCausalLM.from_pretrained
        try:
            tokenizer: Any = AutoTokenizer.from_pretrained(self.folder, local_files_only=True, trust_remote_code=False)
            model, loaded = read(
                self.folder, local_files_only=True, use_safetensors=True, output_loading_info=True,
                dtype=torch.float16 if self.device.type == "cuda" else torch.float32,
            )  # fmt: skip
        except Exception as error:  # transformers raises many kinds for files that are not what they should be
            raise self._unusable(f"it cannot be read: {error}") from error
        drawn = sorted(
            {*map(str, loaded["missing_keys"])} - ({"lm_head.weight"} if model.config.tie_word_embeddings else set())
        )
        if drawn:  # transformers fills them with chance
            raise self._unusable(f"{len(drawn)} of its weights are missing, such as {drawn[0]}")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return model.to(self.device).eval(), tokenizer

    def _unusable(self, what: str) -> EngineError:
        return EngineError(
            f"the model that reads emotion words: {what}", where=str(self.folder),
            fix="Download it again, or remove its folder to have words read by the lexicon.",
        )  # fmt: skip


def weights_of(answer: str, words: str = "") -> Weights:
    """The eight intensities of an answer to `words`. Any string gives some: what says nothing is calm 1."""
    said = _said(answer.rpartition("</think>")[2].strip())
    weights = [min(max(said.get(name, 0.0), 0.0), HIGHEST) for name in NAMES]
    if any(word in words.lower() for word in LOW_SPIRITS):
        sad, melancholic = NAMES.index("悲伤"), NAMES.index("低落")
        weights[sad], weights[melancholic] = weights[melancholic], weights[sad]
    if not any(weights):
        weights[NAMES.index("自然")] = 1.0
    return tuple(weights)


def _said(text: str) -> Mapping[str, float]:
    """Intensities by name: of a JSON object, else of one name alone, else of ``name: number`` anywhere."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = text
    if isinstance(found, dict):
        if graded := {name: _number(found[name]) for name in NAMES if name in found}:
            return graded
        found = next((found[label] for label in LABELS if label in found), "")
    if isinstance(found, str) and (name := found.strip(" \n\t\"'“”。.")) in NAMES:
        return {name: 1.0}
    return {name: float(number) for name, number in _PAIR.findall(text)}


def _number(value: object) -> float:
    """A JSON value as an intensity; 0 for what is none."""
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return number if number == number else 0.0  # NaN is not itself
