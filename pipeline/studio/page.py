"""What is seen: three tabs. The audition and the scene are forms; the book is a page of its own (`desk.html`, `.css`,
`.js`), which asks `api` for what it shows."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import ValidationError

from pipeline.errors import ShuoshuError, StudioError
from pipeline.nouns import EMOTIONS, Emotion
from pipeline.shipped import yaml_of
from pipeline.studio import audition, casting
from pipeline.studio.answering import Studio, chinese, clip_told
from pipeline.studio.asked import Audition, Voice
from pipeline.wording import Wording, chinese_of

TEXTS: dict[str, list[str]] = yaml_of(__package__, "words.yaml")["forms"]
_ENGLISH, _CHINESE = ({key: one[at] for key, one in TEXTS.items()} for at in (0, 1))
I18N = gr.I18n(en=_ENGLISH, zh=_CHINESE, **{"zh-CN": _CHINESE, "zh-TW": _CHINESE})
THEME = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
"""System fonts: none is fetched."""
CSS = (
    "footer{display:none!important} .gradio-container{max-width:1500px!important}"
    " .quiet-box p{margin:2px 0;overflow-wrap:anywhere}"
)
SLOTS = 4
EXAMPLES = ("兴奋地宣布", "疲惫地低语", "紧张地追问", "excitedly announcing", "a tired whisper", "nervously asking")
log = logging.getLogger("shuoshu.studio")


def blocks(studio: Studio) -> gr.Blocks:
    """The page."""
    with gr.Blocks(title="Shuoshu 说书", analytics_enabled=False, delete_cache=(3600, 86400)) as page:
        gr.Markdown("# 说书 Shuoshu")
        with gr.Tabs():
            with gr.Tab(I18N("book"), id="book"):
                _desk()
            with gr.Tab(I18N("audition"), id="audition"):
                voice = _audition(studio)
            with gr.Tab(I18N("scene"), id="scene"):
                library = _scene(studio)
        page.load(
            lambda: (gr.Dropdown(_voices(studio)), gr.Dropdown(_libraries(studio))),
            None,
            [voice, library],
            show_progress="hidden",
        )
    page.queue(default_concurrency_limit=1, max_size=100, api_open=False)
    return page


def _desk() -> None:
    home = files(__package__)
    texts = html.escape(json.dumps(yaml_of(__package__, "words.yaml")["desk"], ensure_ascii=False), quote=False)
    gr.HTML(
        html_template=(home / "desk.html").read_text(encoding="utf-8").replace("TEXTS", texts),
        css_template=(home / "desk.css").read_text(encoding="utf-8"),
        js_on_load=(home / "desk.js").read_text(encoding="utf-8"), apply_default_css=False, elem_id="desk",
    )  # fmt: skip


def refusing(call: Callable[..., Any]) -> Callable[..., Any]:
    """`call` with what a room refuses as a message on the page, in the visitor's language."""

    def run(request: gr.Request, *arguments: Any) -> Any:
        zh = chinese(request)  # it has the headers of the request it stands for
        try:
            return call(zh, str(request.session_hash or ""), *arguments)
        except ValidationError as error:
            wrong = error.errors()[0]
            field = ".".join(map(str, wrong["loc"]))
            log.warning("refused: %s: %s", field, wrong["msg"])
            text = "这一项超出了允许的范围" if zh else "this field is out of its range"
            raise gr.Error(html.escape(f"{field}: {text} ({wrong['msg']})"), print_exception=False) from error
        except ShuoshuError as error:
            log.info("refused: %s", error.what)
            told = (chinese_of(error.what), chinese_of(error.fix)) if zh else (str(error.what), str(error.fix))
            raise gr.Error(html.escape(" ".join(told)), duration=12, print_exception=False) from error

    return run


def _voices(studio: Studio) -> list[tuple[str, str]]:
    found = casting.voices(studio.workspace)
    return [
        (f"{one['name']}  ({one['cast'] or one['engine']})", json.dumps([one["cast"], one["name"]])) for one in found
    ]


def _libraries(studio: Studio) -> list[tuple[Any, str]]:
    return [(I18N("engine_voices"), ""), *((one, one) for one in studio.workspace.names("casts", (".yaml", ".yml")))]


def _audition(studio: Studio) -> gr.Dropdown:
    with gr.Row():
        with gr.Column(scale=3):
            text = gr.Textbox(
                "重(chóng)新开始吧，今天的月亮真圆。",
                label=I18N("text"),
                lines=3,
                max_length=audition.LONGEST,
                elem_id="audition-text",
            )
            with gr.Row():
                language = gr.Dropdown(
                    [("中文", "zh"), ("English", "en")], value="zh", label=I18N("language"), min_width=110, scale=1
                )
                voice = gr.Dropdown(
                    _voices(studio),
                    label=I18N("voice"),
                    scale=3,
                    elem_id="audition-voice",
                )
            clip = gr.Audio(
                sources=["upload", "microphone"], type="filepath", label=I18N("clip"), elem_id="audition-clip"
            )
            able = casting.cloning()
            engine = gr.Dropdown(
                able,
                value=next(iter(able), None),
                label=I18N("engine"),
                visible=len(able) > 1,
                elem_id="audition-engine",
            )
            measured = gr.Markdown(elem_classes="quiet-box", elem_id="clip-measured")
            with gr.Row():
                length = gr.Radio(
                    [(I18N("natural"), "natural"), (I18N("ratio"), "ratio"), (I18N("seconds"), "seconds")],
                    value="natural",
                    label=I18N("length"),
                )
                ratio = gr.Slider(*audition.RATIOS, value=1.0, step=0.01, label=I18N("ratio"), visible=False)
                seconds = gr.Number(3.0, minimum=0.2, maximum=60, label=I18N("seconds"), visible=False)
            way = gr.Radio(
                [
                    (I18N("same"), "same"),
                    (I18N("other_clip"), "clip"),
                    (I18N("sliders"), "sliders"),
                    (I18N("words"), "words"),
                ],
                value="same",
                label=I18N("emotion"),
                elem_id="audition-way",
            )
            with gr.Group(visible=False) as by_clip:
                second = gr.Audio(sources=["upload", "microphone"], type="filepath", label=I18N("other_clip"))
                strength = gr.Slider(0, 1, value=1.0, step=0.05, label=I18N("strength"))
            with gr.Group(visible=False) as by_sliders:
                preset = gr.Radio(
                    [(I18N(name), name) for name in EMOTIONS], label=I18N("preset"), elem_id="audition-preset"
                )
                hear = gr.Button(I18N("hear_preset"), size="sm", elem_id="hear-preset")
                with gr.Row():
                    sliders = [
                        gr.Slider(0, 1, value=0, step=0.05, label=I18N(name), min_width=150) for name in EMOTIONS
                    ]
            with gr.Group(visible=False) as by_words:
                words = gr.Textbox(EXAMPLES[0], label=I18N("words_label"), max_length=100, elem_id="audition-words")
                gr.Examples([[one] for one in EXAMPLES], [words], label="", cache_examples=False)
            seed = gr.Number(0, precision=0, minimum=0, label=I18N("another"))
            go = gr.Button(I18N("generate"), variant="primary", elem_id="audition-go")
        with gr.Column(scale=2):
            heard = gr.Audio(label=I18N("take"), interactive=False, buttons=["download"], elem_id="audition-take")
            told = gr.Markdown(elem_classes="quiet-box", elem_id="audition-told")
            gr.Markdown(I18N("compare"))
            slots = [
                gr.Audio(label=letter, interactive=False, visible=False, buttons=["download"], elem_id=f"slot-{letter}")
                for letter in "ABCD"
            ]
            with gr.Accordion(I18N("save"), open=False):
                name = gr.Textbox(label=I18N("name"), max_length=40, elem_id="save-name")
                file = gr.Textbox("voices.yaml", label=I18N("cast_file"), max_length=80)
                about = gr.Textbox(label=I18N("about"), max_length=80)
                consent = gr.Textbox(label=I18N("consent"), max_length=200)
                save = gr.Button(I18N("save"), elem_id="save-voice")
                saved = gr.Markdown(elem_classes="quiet-box", elem_id="saved")
    kept = gr.State([])
    ways = [by_clip, by_sliders, by_words]
    way.change(
        lambda one: [gr.Group(visible=one == kind) for kind in ("clip", "sliders", "words")],
        way,
        ways,
        show_progress="hidden",
    )
    length.change(
        lambda one: (gr.Slider(visible=one == "ratio"), gr.Number(visible=one == "seconds")),
        length,
        [ratio, seconds],
        show_progress="hidden",
    )
    preset.change(
        lambda one: list(audition.presets()[one]) if one else [0.0] * len(EMOTIONS),
        preset,
        sliders,
        show_progress="hidden",
    )

    def asked(values: Sequence[Any]) -> dict[str, Any]:
        feeling, said, lang, whose, own, by_engine, how_long, by, exact, other, strong, manner, chance, *weights = (
            values
        )
        cast, which = json.loads(whose) if whose else ("", "narrator")
        return {
            "text": said, "language": lang, "cast": cast, "voice": which, "clip": _clip(studio, own), "way": feeling,
            "engine": by_engine or "",
            "ratio": by if how_long == "ratio" else None, "seconds": exact if how_long == "seconds" else None,
            "words": manner, "emotion_clip": _clip(studio, other) if feeling == "clip" else "", "strength": strong,
            "seed": chance or 0, "weights": weights,
        }  # fmt: skip

    def make(zh: bool, who: str, had: list[tuple[str, str]], *values: Any) -> Any:
        wish = casting.wish_of(studio.workspace, Audition(**asked(values)))
        sound = audition.heard(wish, studio.auditions, who)
        path = str(sound.take.path)
        measured = f"{sound.take.seconds:.2f} s · {sound.lufs:.1f} LUFS"
        told = " · ".join((wish.voice.name, _felt(wish.emotion, zh), measured))
        had = [(path, told), *(one for one in had if one[0] != path)][:SLOTS]
        line = f"{measured} {' '.join(sound.take.flags)}\n\n{TEXTS['spoken'][zh]}: {html.escape(sound.spoken)}"
        shown = [
            gr.Audio(value=had[at][0], label=f"{letter}: {had[at][1]}", visible=len(had) > 1)
            if at < len(had)
            else gr.Audio(value=None, visible=False)
            for at, letter in enumerate("ABCD")
        ]
        return [path, line, had, *shown]

    def make_preset(zh: bool, who: str, had: list[tuple[str, str]], _: str, *values: Any) -> Any:
        return make(zh, who, had, "sliders", *values)

    def write(zh: bool, _: str, called: str, where: str, like: str, note: str, *values: Any) -> Any:
        wished = Voice(**asked(values), name=called, into=where, about=like, consent=note)
        done = casting.save_voice(studio.workspace, wished)
        return f"{TEXTS['saved'][zh]} casts/{html.escape(done)}", gr.Dropdown(_voices(studio))

    def measure(zh: bool, _: str, own: str | None, whose: str | None) -> str:
        """What the clip is like, or that of the chosen voice, where it is a clone."""
        reference = None if own else casting.voice_of(studio.workspace, *json.loads(whose)).reference if whose else None
        path = studio.workspace.path("clips", _clip(studio, own)) if own else reference
        if path is None:
            return ""
        found = clip_told(path, zh)
        head = TEXTS["clip_measured"][zh].format(**found)
        return "\n\n".join([head, *(found["remarks"] or [TEXTS["clip_fine"][zh]])])

    inputs = [way, text, language, voice, clip, engine, length, ratio, seconds, second, strength, words, seed, *sliders]
    made = [heard, told, kept, *slots]
    go.click(refusing(make), [kept, *inputs], made, concurrency_id="engine")
    hear.click(refusing(make_preset), [kept, *inputs], made, concurrency_id="engine")
    save.click(refusing(write), [name, file, about, consent, *inputs], [saved, voice])
    for one in (clip, voice):
        one.change(refusing(measure), [clip, voice], measured, show_progress="hidden")
    return voice


def _felt(emotion: Emotion, zh: bool) -> str:
    """An emotion as a label has it."""
    if emotion.words:
        return emotion.words
    if emotion.reference:
        return f"{TEXTS['other_clip'][zh]} {emotion.strength:g}"
    felt = [
        f"{TEXTS[name][zh]} {weight:g}" for name, weight in zip(EMOTIONS, emotion.weights or (), strict=False) if weight
    ]
    return " ".join(felt) or TEXTS["same"][zh]


def _clip(studio: Studio, path: str | None) -> str:
    """An uploaded or recorded clip, kept in the workspace; its name there."""
    return studio.workspace.take_clip(Path(path), Path(path).name).name if path else ""


def _scene(studio: Studio) -> gr.Dropdown:
    with gr.Row():
        with gr.Column(scale=3):
            sentence = gr.Textbox(
                "生成三位角色对话，父亲沉稳、孩子调皮、旁白略带忧伤，总时长30秒",
                label=I18N("sentence"),
                lines=2,
                max_length=500,
                elem_id="scene-sentence",
            )
            lines = gr.Textbox(label=I18N("lines"), lines=8, max_length=20_000, elem_id="scene-lines")
            library = gr.Dropdown(_libraries(studio), value="", label=I18N("library"))
            go = gr.Button(I18N("make_scene"), variant="primary", elem_id="scene-go")
        with gr.Column(scale=2):
            heard = gr.Audio(label=I18N("take"), interactive=False, buttons=["download"], elem_id="scene-take")
            told = gr.Markdown(elem_classes="quiet-box", elem_id="scene-told")

    def make(zh: bool, who: str, said: str, pasted: str, voices: str) -> Any:
        from pipeline.scene import brief as briefs
        from pipeline.scene.pages import name_of

        brief = briefs.parse(said)
        work = studio.workspace
        name = work.free_name(name_of(brief))
        more = ["--library", str(work.path("casts", voices))] if voices else []
        more += ["--lines", "-"] if pasted.strip() else []
        folder = str(work.folder("manuscripts"))
        job = studio.jobs.start(
            name, "scene", "--name", name, "--to", folder, "--plain", *more, "--", said[:500], told=pasted[:20_000],
            language="zh" if zh else "en", who=who,
        )  # fmt: skip
        done = studio.jobs.wait(job, 600)
        if done.state != "done":
            late = Wording("it is not done yet: look for it under the books", "还没有做完，稍后请在“书”里找它")
            raise StudioError(done.error or late)
        track = next(iter(sorted((work.book(name).path / "chapters").glob("*.flac"))))
        seconds = sum(one["seconds"] or 0 for one in done.said.get("deliverables", [])[:1])
        told = [f"{name} · {seconds:.3f} s", *map(str, done.said.get("remarks", ()))]
        return str(audition.copied(track, studio.auditions, name)), "\n\n".join(map(html.escape, told))

    go.click(refusing(make), [sentence, lines, library], [heard, told], concurrency_limit=2)
    return library
