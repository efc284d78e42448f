"""The cast file: YAML -> Cast, with errors that name file, line and the nearest valid name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pipeline import engines, yaml_lines
from pipeline.cast import lexicon
from pipeline.cast.clips import clip_hash
from pipeline.cast.model import WISHES, Cast, Part, Profile
from pipeline.checked import Checked
from pipeline.errors import CastError, ScriptError, ShuoshuError, did_you_mean
from pipeline.nouns import Emotion, OnFailure, Voice
from pipeline.script import emotion as emotions
from pipeline.wording import Wording, chinese_of
from pipeline.yaml_lines import Node

_TOP = (
    "language", "consent", "narrator", "voices", "characters", "unknown", "lexicon", "lexicon_file", "profile", "best_effort",
    "pauses", "on_failure", *WISHES,
)  # fmt: skip
_PART = ("voice", "aliases", "emotions", "speed", "level")
PAUSES = ("clause", "sentence", "paragraph", "speaker", "scene", "heading", "head", "tail")


def load(path: Path) -> Cast:
    """Read and check a cast file. Raises CastError: file, line, what is wrong, the nearest valid name."""
    return _Reader(path).cast(yaml_lines.read(path))


@dataclass(frozen=True, slots=True)
class _Reader(Checked):
    # --- the parts of the file ---

    def cast(self, root: Node) -> Cast:
        top = self.mapping(root, Wording("the cast", "角色表"), _TOP)
        for key in ("narrator", "voices"):
            if key not in top:
                raise self.error(
                    Wording(f"{key!r} is missing", f"缺少 {key!r}"), root.line,
                    Wording("Every cast has a narrator and voices.", "每个角色表都要有 narrator 和 voices。"),
                )  # fmt: skip
        language = self.text(top["language"], "language") if "language" in top else "zh"
        if language not in ("zh", "en"):
            raise self.error(
                Wording(f"language {language!r} is not spoken here", f"不支持语言 {language!r}"), top["language"].line,
                Wording("Write zh or en.", "请写 zh 或 en。"),
            )  # fmt: skip
        voices, fallbacks = self.voices(top["voices"])
        consent = self.text(top["consent"], "consent").strip() if "consent" in top else ""
        characters = self.mapping(top["characters"], "characters") if "characters" in top else {}
        parts = {name: self.part(name, node, voices) for name, node in characters.items()}
        cast = Cast(
            language="zh" if language == "zh" else "en",
            narrator=self.part("narrator", top["narrator"], voices),
            voices=voices, fallbacks=fallbacks, about=self.described(top["voices"]),
            parts=self.with_aliases(parts), anyone=parts.get("*"),
            unknown=self.part("unknown", top["unknown"], voices) if "unknown" in top else None,
            lexicon=self.lexicon(top), pauses=self.pauses(top.get("pauses")),
            profile=self.text(top["profile"], "profile") if "profile" in top else "", consent=consent,
            best_effort=self.switch(top["best_effort"], "best_effort") if "best_effort" in top else False,
            wishes={name: top[name] for name in WISHES if name in top}, path=self.path,
            on_failure=self.on_failure(top["on_failure"]) if "on_failure" in top else None,
        )  # fmt: skip
        self.demand_consent(cast, top["voices"])
        return cast

    def voices(self, node: Node) -> tuple[dict[str, Voice], dict[str, str]]:
        found: dict[str, Voice] = {}
        fallbacks: dict[str, Node] = {}
        for name, one in self.mapping(node, "voices").items():
            given = dict(self.mapping(one, f"voice {name}"))
            fallback = given.pop("fallback", None)
            given.pop("about", None)
            if fallback is not None:
                fallbacks[name] = fallback
            found[name] = self.voice(name, given, one.line)
        if not found:
            raise self.error(
                Wording("there is no voice", "一个声音也没有"), node.line,
                Wording("Write at least one under voices.", "请在 voices 下至少写一个。"),
            )  # fmt: skip
        for name, fallback in fallbacks.items():
            self.voice_name(fallback, found, f"voice {name}: fallback")
        return found, {name: str(fallback.value) for name, fallback in fallbacks.items()}

    def described(self, node: Node) -> dict[str, str]:
        """What voices are like, for whoever chooses one."""
        told = {name: one.value.get("about") for name, one in node.value.items()}
        return {name: self.text(about, f"voice {name}: about") for name, about in told.items() if about is not None}

    def voice(self, name: str, given: dict[str, Node], line: int) -> Voice:
        asked = given.pop("engine", Node("espeak", line))
        engine = self.text(asked, f"voice {name}: engine")
        if engine not in engines.names():
            hint = did_you_mean(engine, engines.names())
            raise self.error(
                Wording(
                    f"voice {name}: no engine is named {engine!r}.{hint}",
                    f"voice {name}：没有叫 {engine!r} 的引擎。{hint.chinese}",
                ),
                asked.line,
                Wording(f"Here: {', '.join(engines.names())}.", f"这里有：{'、'.join(engines.names())}。"),
            )
        can = engines.engine_class(engine).capabilities
        reference = given.pop("reference", None)
        clip = self.clip(reference, f"voice {name}") if reference else None
        if clip and not can.clones:
            raise self.error(
                Wording(
                    f"voice {name}: engine {engine} does not clone a reference clip",
                    f"voice {name}：引擎 {engine} 不能克隆参考音频",
                ),
                (reference or asked).line,
                Wording("Remove reference, or use an engine that clones.", "请去掉 reference，或换用能克隆的引擎。"),
            )  # fmt: skip
        parameters = {key: self.parameter(name, key, one, can.parameters) for key, one in given.items()}
        return Voice(name, engine, parameters, *(clip or (None, "")))

    def parameter(self, voice: str, key: str, node: Node, rules: Mapping[str, Any]) -> str | int | float | bool:
        valid = ("engine", "reference", "fallback", "about", *rules)
        if key not in rules:
            raise self.unknown(Wording("setting", "设置"), f"voice {voice}", key, valid, node.line)
        listed = Wording("`shuoshu engines --json` lists them all.", "`shuoshu engines --json` 会全部列出。")
        return self.value(node, f"voice {voice}: {key}", rules[key], listed)

    def clip(self, node: Node, what: str) -> tuple[Path, str]:
        path = self.place(node, f"{what}: reference")
        try:
            return path, clip_hash(path)
        except CastError as error:
            raise self.error(_of(what, error), node.line, error.fix) from error

    def part(self, name: str, node: Node, voices: Mapping[str, Voice]) -> Part:
        if isinstance(node.value, str):  # 林晚: lin
            self.voice_name(node, voices, name)
            return Part(name, node.value, line=node.line)
        given = self.mapping(node, name, _PART)
        if "voice" not in given:
            raise self.error(
                Wording(f"{name} has no voice", f"{name} 没有声音"), node.line,
                Wording("Add `voice: NAME`.", "请加上 `voice: 名字`。"),
            )  # fmt: skip
        self.voice_name(given["voice"], voices, name)
        return Part(
            name=name, voice=str(given["voice"].value), aliases=self.aliases(name, given.get("aliases")),
            emotions=self.emotions(name, given.get("emotions")), line=node.line,
            speed=self.number(given["speed"], f"{name}: speed", 0.5, 2.0) if "speed" in given else 1.0,
            level=self.number(given["level"], f"{name}: level", -12.0, 12.0) if "level" in given else 0.0,
        )  # fmt: skip

    def voice_name(self, node: Node, voices: Mapping[str, Voice], who: str) -> None:
        name = self.text(node, f"{who}: voice")
        if name not in voices:
            hint = did_you_mean(name, voices)
            raise self.error(
                Wording(f"{who}: no voice is named {name!r}.{hint}", f"{who}：没有叫 {name!r} 的声音。{hint.chinese}"),
                node.line,
                Wording(f"Voices here: {', '.join(voices)}.", f"这里的声音有：{'、'.join(voices)}。"),
            )  # fmt: skip

    def aliases(self, name: str, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node.value, list):
            raise self.error(
                Wording(
                    f"{name}: aliases must be a list: [小晚, 林姑娘]", f"{name}：aliases 必须是列表：[小晚, 林姑娘]"
                ),
                node.line,
            )
        return tuple(self.text(one, f"{name}: alias") for one in node.value)

    def with_aliases(self, parts: Mapping[str, Part]) -> dict[str, Part]:
        everyone = {name: part for name, part in parts.items() if name != "*"}
        for part in list(everyone.values()):
            for alias in part.aliases:
                if alias in everyone and everyone[alias] is not part:
                    other = everyone[alias]
                    raise self.error(
                        Wording(
                            f"{alias!r} names both {other.name} and {part.name}",
                            f"{alias!r} 同时是 {other.name} 和 {part.name} 的别名",
                        ),
                        part.line, Wording("Keep one.", "请只留一个。"),
                    )  # fmt: skip
                everyone[alias] = part
        return everyone

    def emotions(self, name: str, node: Node | None) -> Profile:
        default, limit, expressiveness, references = Emotion(), 1.0, 1.0, {}
        for key, one in self.mapping(node, f"{name}: emotions").items() if node else ():
            if key == "limit":
                limit = self.number(one, f"{name}: limit", 0.0, 1.0)
            elif key == "expressiveness":
                expressiveness = self.number(one, f"{name}: expressiveness", 0.0, 1.5)
            elif key == "default":
                default = self.emotion(name, one)
            elif key in emotions.names():
                references[emotions.canonical(key)] = self.reference(name, key, one)
            else:
                hint = did_you_mean(key, (*emotions.names(), "default", "limit", "expressiveness"))
                raise self.error(
                    Wording(f"{name}: unknown emotion {key!r}.{hint}", f"{name}：不认识情绪 {key!r}。{hint.chinese}"),
                    one.line,
                )
        return Profile(default, limit, references, expressiveness)

    def emotion(self, name: str, node: Node) -> Emotion:
        try:
            return emotions.parse(self.text(node, f"{name}: emotion"))
        except ScriptError as error:
            raise self.error(_of(name, error), node.line, error.fix) from error

    def reference(self, name: str, key: str, node: Node) -> Emotion:
        given = self.mapping(node, f"{name}: {key}", ("reference", "strength"))
        if "reference" not in given:
            raise self.error(Wording(f"{name}: {key} has no reference", f"{name}：{key} 没有 reference"), node.line)
        path, digest = self.clip(given["reference"], f"{name}: {key}")
        strength = self.number(given["strength"], f"{name}: strength", 0.0, 1.0) if "strength" in given else 1.0
        return Emotion(reference=path, reference_sha256=digest, strength=strength)

    def lexicon(self, top: Mapping[str, Node]) -> dict[str, str]:
        """The series' terms (`lexicon_file`) under the cast's own."""
        series = lexicon.shared(top["lexicon_file"], self.path) if "lexicon_file" in top else {}
        own = lexicon.entries(top["lexicon"], self.path) if "lexicon" in top else {}
        folded = {term.casefold() for term in own}
        return {term: one for term, one in series.items() if term.casefold() not in folded} | own

    def on_failure(self, node: Node) -> OnFailure:
        told = self.value(node, "on_failure", ("choice", *get_args(OnFailure)))
        found: OnFailure = next(one for one in get_args(OnFailure) if one == told)
        return found

    def pauses(self, node: Node | None) -> dict[str, float]:
        given = self.mapping(node, "pauses", PAUSES) if node else {}
        return {name: self.number(one, f"pauses: {name}", 0.0, 60.0) for name, one in given.items()}

    def demand_consent(self, cast: Cast, node: Node) -> None:
        cloned = next((voice.name for voice in cast.voices.values() if voice.reference), None)
        if cloned and not cast.consent:
            raise self.error(
                Wording(
                    f"voice {cloned} is cloned from a clip, and the cast has no consent note",
                    f"voice {cloned} 克隆自一段录音，而角色表里没有授权说明（consent）",
                ),
                node.line,
                Wording(
                    'Add a line such as  consent: "recorded by Lin Yue, release signed 2026-03-01".',
                    '请加一行，例如  consent: "林月本人录制，2026-03-01 签署授权书"。',
                ),
            )  # fmt: skip


def _of(what: str, error: ShuoshuError) -> Wording:
    return Wording(f"{what}: {error.what}", f"{what}：{chinese_of(error.what)}")
