"""What the page says, in English and Chinese."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "title": ("Shuoshu studio", "说书工作室"), "audition": ("Audition", "试听"), "book": ("Book", "书"), "scene": ("Scene", "场景"),
    "text": ("Text (readings may stand in it: 重(chóng)新)", "文字（可夹注拼音：重(chóng)新）"), "language": ("Language", "语言"),
    "voice": ("Voice", "声音"), "clip": ("Or a clip to clone: upload or record", "或克隆一段录音：上传或录制"),
    "length": ("Length", "时长"), "natural": ("as it comes", "自然"), "ratio": ("ratio", "比例"), "seconds": ("seconds", "秒数"),
    "emotion": ("Emotion", "情绪"), "same": ("as the voice", "随声音本身"), "other_clip": ("another clip", "另一段录音"),
    "sliders": ("eight sliders", "八个滑块"), "words": ("words", "文字描述"), "strength": ("Strength", "强度"),
    "words_label": ("How it is spoken", "怎样念"), "preset": ("Preset", "预设"), "generate": ("Speak", "生成"),
    "take": ("Take", "录音"), "compare": ("Compare up to four takes", "对比最多四条录音"), "spoken": ("Spoken", "实际念出"),
    "save": ("Save as a voice", "存为声音"), "name": ("Name", "名字"), "cast_file": ("Cast file", "角色表"),
    "about": ("What it is like (中年男声，沉稳)", "声音描述（中年男声，沉稳）"), "consent": ("Consent note (needed for a clone)", "授权说明（克隆必填）"),
    "saved": ("Saved into", "已存入"), "another": ("Another take (where the engine draws by chance)", "再来一条（引擎有随机性时）"),
    "sentence": ("Who is in the scene, how they are, how long it lasts", "场景里有谁、怎样、多长"),
    "lines": ("What they say, a line each (empty: a language model writes it)", "台词，每行一句（留空则由语言模型来写）"),
    "make_scene": ("Make the scene", "制作场景"), "library": ("Voices from", "声音来自"), "engine_voices": ("the embedded engine", "内置引擎"),
    "working": ("Working…", "制作中……"), "failed": ("This did not work:", "没有成功："),
    "happy": ("happy", "高兴"), "angry": ("angry", "愤怒"), "sad": ("sad", "悲伤"), "afraid": ("afraid", "恐惧"),
    "disgusted": ("disgusted", "反感"), "melancholic": ("melancholic", "低落"), "surprised": ("surprised", "惊讶"), "calm": ("calm", "平静"),
    "clip_measured": ("Clip: {seconds} s, level {level_db} dBFS, {contrast_db} dB over its background.", "录音：{seconds} 秒，电平 {level_db} dBFS，高出背景 {contrast_db} dB。"),
    "clip_fine": ("It will make a good voice.", "适合用作声音。"),
}  # fmt: skip

DESK: dict[str, tuple[str, str]] = {
    "choose_book": ("Choose a book", "选一本书"), "upload": ("Upload a manuscript", "上传书稿"), "make": ("Make the book", "制作"),
    "manuscript": ("Manuscript", "书稿"), "cast": ("Cast file (none: by itself)", "角色表（不选则自动）"), "search": ("Find in the text", "在文字中查找"),
    "everyone": ("everyone", "所有人"), "all_chapters": ("all chapters", "所有章节"), "doubt": ("in doubt", "存疑"), "felt": ("with emotion", "有情绪"),
    "flagged": ("flagged", "有警告"), "stale": ("to render", "待合成"), "lines": ("lines", "行"), "of": ("of", "共"),
    "play": ("Play (space)", "播放（空格）"), "play_on": ("Play on from here", "从这里连播"), "stop": ("Stop", "停止"),
    "rerender": ("Render again (R)", "重新合成（R）"), "three": ("three takes", "合成三条"), "undo": ("Undo", "撤销"), "speaker": ("Speaker", "说话人"),
    "emotion": ("Emotion", "情绪"), "delivery": ("Delivery", "念法"), "spoken": ("How it is read", "读法"), "pause_after": ("Pause after, s", "停顿（秒）"),
    "speed": ("Speed", "语速"), "takes": ("Takes (1–4)", "录音（1–4）"), "use": ("use", "选用"), "used": ("in use", "在用"), "characters": ("Characters", "角色"),
    "rename": ("Rename", "改名"), "merge": ("Merge into", "并入"), "files": ("Files", "成品"), "report": ("Quality report", "质量报告"), "selected": ("selected", "已选"),
    "running": ("running", "进行中"), "waiting": ("waiting", "排队中"), "done": ("done", "完成"), "failed": ("failed", "失败"), "none": ("No line is chosen.", "没有选中台词。"),
    "changed": ("changed on disk, loaded again", "文件有改动，已重新载入"), "new_speaker": ("another name…", "其他名字……"), "voice": ("voice", "声音"), "hear": ("hear", "听"),
    "read": ("reading", "读稿"), "plan": ("planning", "计划"), "render": ("rendering", "合成"), "master": ("mastering", "母带"), "deliver": ("deliverables", "成品"),
    "narrator": ("narrator", "旁白"), "unknown": ("unknown", "不明"), "help": ("space plays, J and K move, R renders, 1–4 choose a take", "空格播放，J/K 上下，R 重新合成，1–4 选录音"),
    "empty": ("Nothing here yet: choose a book, or upload a manuscript and make it.", "还没有内容：选一本书，或上传书稿并制作。"), "apply": ("Apply to selected", "用于所选"),
}  # fmt: skip
