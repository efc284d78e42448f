const $ = (name) => element.querySelector(`[data-id="${name}"]`);
const zh = (navigator.language || "en").toLowerCase().startsWith("zh");
const texts = JSON.parse($("texts").textContent);
const say = (key) => (texts[key] || [key, key])[zh ? 1 : 0];
const lang = zh ? "zh" : "en";
const ROW = 46, WINDOW = 100, MOST_PICKED = 400, MOST_BESIDE = 5;
const state = {book: "", rows: new Map(), count: 0, all: 0, at: -1, picked: new Map(), filter: {}, stamp: 0, asked: 0, playing: -1, jobs: new Map(), busy: new Set(), beside: new Map(), people: "", speakers: [], voices: [], language: "zh"};

async function ask(path, body) {
  const options = body === undefined ? {} : body instanceof FormData ? {method: "POST", body} : {method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(body)};
  const answer = await fetch(`${path}${path.includes("?") ? "&" : "?"}lang=${lang}`, options);
  let told;
  try { told = await answer.json(); } catch { told = {error: `${answer.status} ${answer.statusText}`, fix: ""}; }
  if (!answer.ok) throw Object.assign(new Error([told.error || (told.detail && JSON.stringify(told.detail)) || answer.status, told.fix].filter(Boolean).join(" ")), {status: answer.status});
  return told;
}
function note(text, bad) {
  const bar = $("note");
  bar.textContent = text; bar.className = bad ? "bad" : ""; bar.hidden = !text;
}
async function tried(work, quiet) { try { if (!quiet) note(""); return await work(); } catch (error) { note(String(error.message || error), true); } }
const make = (tag, props = {}, ...children) => { const one = Object.assign(document.createElement(tag), props); one.append(...children); return one; };
const shown = (name) => name === "narrator" || name === "unknown" ? say(name) : name;
function colour(name) {
  if (name === "narrator") return "transparent";
  let hash = 0;
  for (const sign of name) hash = (hash * 31 + sign.codePointAt(0)) >>> 0;
  return `hsl(${hash % 360} 60% 55%)`;
}

// --- the list: only what is seen is in the page ---
const list = $("list"), inner = $("inner");
let drawn = 0;
function draw() {
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 5), last = Math.min(state.count, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 5);
  inner.style.height = `${state.count * ROW}px`;
  const missing = [];
  const rows = [];
  for (let at = first; at < last; at++) {
    const row = state.rows.get(at);
    if (!row) { const start = at - at % WINDOW; if (!missing.includes(start)) missing.push(start); }
    rows.push(drawnRow(at, row));
  }
  inner.replaceChildren(...rows);
  for (const start of missing) fetchRows(start);
}
function drawnRow(at, row) {
  const line = make("div", {className: "row"});
  line.style.top = `${at * ROW}px`;
  if (!row) { line.append("…"); return line; }
  line.dataset.at = at;
  line.classList.toggle("on", at === state.at);
  line.classList.toggle("picked", state.picked.has(row.id));
  line.classList.toggle("playing", at === state.playing);
  const who = make("span", {className: "who", textContent: shown(row.speaker)});
  who.style.borderColor = colour(row.speaker);
  const marks = [row.stale ? "○" : "", row.doubt ? "?" : "", row.flags.length ? "!" : "", state.busy.has(row.id) ? "…" : ""].join("");
  line.append(make("span", {className: "mark", textContent: marks, title: [row.stale, ...row.flags].filter(Boolean).join(", ")}), who, make("span", {className: `text ${row.kind}`, textContent: row.text}), make("span", {className: "feel", textContent: [row.emotion, row.delivery].filter(Boolean).join(" ")}));
  return line;
}
async function fetchRows(start) {
  const number = state.asked;
  if (state.rows.has(`asked ${start}`)) return;
  state.rows.set(`asked ${start}`, true);
  await tried(async () => {
    const told = await ask(`api/lines/${encodeURIComponent(state.book)}`, {filter: state.filter, first: start, count: WINDOW});
    if (number !== state.asked) return;
    if (told.stamp !== state.stamp) { await load(true); return; } // what is loaded already is of an older book
    take(told);
    draw();
  }, true);
}
function take(told) {
  state.count = told.count; state.all = told.all; state.stamp = told.stamp; state.language = told.language;
  told.rows.forEach((row, index) => { state.rows.set(told.first + index, row); if (state.picked.has(row.id)) state.picked.set(row.id, row); });
  $("count").textContent = `${told.count} ${say("lines")} (${say("of")} ${told.all}) · ${say("stale")} ${told.stale}`;
  $("update").hidden = !told.stale && told.mastered.length === told.chapters.length;
  if (told.speakers.join() !== state.speakers.join()) {
    state.speakers = told.speakers;
    options($("speaker"), [["", say("everyone")], ...told.speakers.map((one) => [one, shown(one)])]);
    options($("edit-speaker"), [...told.speakers.map((one) => [one, shown(one)]), ["+", say("new_speaker")]]);
  }
  const chapters = [["", say("all_chapters")], ...told.chapters.map(([number, title]) => [String(number), `${number} ${title}${told.mastered.includes(number) ? " ✓" : ""}`])];
  options($("chapter"), chapters);
}
function options(select, wanted) {
  const same = (one, at) => select.options[at]?.value === String(one[0]) && select.options[at].textContent === one[1];
  if (select.options.length === wanted.length && wanted.every(same)) return; // it may be open just now
  const old = select.value;
  select.replaceChildren(...wanted.map(([value, text]) => make("option", {value, textContent: text})));
  if (wanted.some(([value]) => value === old)) select.value = old;
}
async function load(keep) {
  if (!state.book) return;
  const chosen = state.rows.get(state.at)?.id;
  state.asked += 1;
  const number = state.asked;
  const seen = keep ? [list.scrollTop / ROW, (list.scrollTop + list.clientHeight) / ROW, ...(chosen ? [state.at] : [])] : [0];
  const firsts = [...new Set(seen.map((at) => Math.max(0, Math.floor(at / WINDOW) * WINDOW)))];
  await tried(async () => {
    const windows = await Promise.all(firsts.map((first) => ask(`api/lines/${encodeURIComponent(state.book)}`, {filter: state.filter, first, count: WINDOW})));
    if (number !== state.asked) return;
    state.rows = new Map(firsts.map((first) => [`asked ${first}`, true]));
    if (!keep) { list.scrollTop = 0; state.at = -1; }
    windows.forEach(take);
    if (keep) { state.at = -1; for (const [at, row] of state.rows) if (chosen && row.id === chosen) state.at = at; }
    draw();
    panel();
  }, true);
}
const soon = () => { if (!drawn) drawn = requestAnimationFrame(() => { drawn = 0; draw(); }); };
list.addEventListener("scroll", soon);
new ResizeObserver(soon).observe(list);
list.addEventListener("click", async (event) => {
  const at = Number(event.target.closest(".row")?.dataset.at ?? -1);
  if (at < 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey) await pick(at, event.shiftKey); else state.picked.clear();
  go(at);
});
list.addEventListener("dblclick", () => play(state.at));
async function pick(at, range) {
  const from = range && state.at >= 0 ? Math.min(state.at, at) : at, to = range && state.at >= 0 ? Math.max(state.at, at) : at;
  if (to - from >= MOST_PICKED || state.picked.size + to - from >= MOST_PICKED) { note(`${say("at_most")} ${MOST_PICKED}`, true); return; }
  const told = await tried(() => ask(`api/lines/${encodeURIComponent(state.book)}`, {filter: state.filter, first: from, count: to - from + 1}));
  for (const row of told?.rows ?? []) state.picked.set(row.id, row);
}
function go(at) {
  if (at < 0 || at >= state.count) return;
  state.at = at;
  const top = at * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
  draw();
  panel();
}

// --- one line ---
const selection = (row) => state.picked.size > 1 && state.picked.has(row.id) ? [...state.picked.values()] : [row]; // the selection, where the line is of it
const FIELDS = ["speaker", "emotion", "delivery", "spoken", "speed", "pause_after"];
let paneled = "", held = null; // the line whose field is being edited
async function panel() {
  const row = state.rows.get(state.at);
  $("line").hidden = !row; $("none").hidden = !!row;
  if (!row) { paneled = ""; return; }
  $("line-id").textContent = `${row.id} · ${shown(row.speaker)}${selection(row).length > 1 ? ` · ${say("selected")} ${selection(row).length}` : ""}`;
  $("line-text").textContent = row.text;
  $("line-why").textContent = [row.stale, ...row.flags, row.doubt ? say("doubt") : ""].filter(Boolean).join(" · ");
  if (paneled !== row.id || !element.contains(document.activeElement) || document.activeElement.tagName === "BUTTON") for (const name of FIELDS) { const field = $(`edit-${name}`); if (field !== document.activeElement) field.value = row[name] ?? ""; }
  paneled = row.id;
  const told = await tried(() => ask(`api/takes/${encodeURIComponent(state.book)}/${encodeURIComponent(row.id)}`), true);
  if (!told || paneled !== row.id) return;
  row.takes = told.takes;
  $("takes").replaceChildren(...told.takes.slice(-8).map((take, index) => {
    const button = make("button", {type: "button", textContent: take.used ? say("used") : say("use"), disabled: take.used});
    button.onclick = () => choose(row, take.key);
    const audio = make("button", {type: "button", className: "mini", textContent: "▶"});
    audio.onclick = () => sound(`take/${encodeURIComponent(state.book)}/${take.key}.flac`);
    return make("div", {className: take.used ? "take used" : "take"}, make("b", {textContent: String(index + 1)}), audio, make("span", {textContent: `${take.seconds} s ${take.flags.join(" ")}`}), button);
  }));
}
for (const name of FIELDS) {
  $(`edit-${name}`).addEventListener("focus", () => { held = state.rows.get(state.at); });
  $(`edit-${name}`).addEventListener("change", async (event) => {
    const row = held || state.rows.get(state.at);
    if (!row) return;
    let value = event.target.value;
    if (name === "speaker" && value === "+") { value = (prompt(say("new_speaker")) || "").trim(); if (!value) { panel(); return; } }
    const rows = selection(row);
    const seen = Object.fromEntries(rows.map((one) => [one.id, one[name] ?? ""]));
    const done = await tried(() => ask(`api/change/${encodeURIComponent(state.book)}`, {column: name, value, seen}));
    if (done) for (const one of rows) one[name] = value;
    event.target.blur();
    held = null;
    await load(true);
  });
}
async function undo() {
  const told = await tried(() => ask(`api/undo/${encodeURIComponent(state.book)}`, {}));
  await load(true);
  if (told) note(told.changed.length ? `${say("undone")} ${told.changed.join(", ")}` : say("nothing_to_undo"));
}
async function rerender(takes) {
  const row = state.rows.get(state.at);
  if (!row) return;
  const lines = selection(row).map((one) => one.id);
  if (lines.some((one) => state.busy.has(one))) return; // it is being made
  lines.forEach((one) => state.busy.add(one));
  draw();
  const told = await tried(() => ask(`api/rerender/${encodeURIComponent(state.book)}`, {lines, takes}));
  if (told) await follow(told.job);
  lines.forEach((one) => state.busy.delete(one));
  await load(true);
}
async function choose(row, take) {
  const told = await tried(() => ask(`api/choose/${encodeURIComponent(state.book)}`, {line: row.id, take}));
  if (told) { await follow(told.job); await load(true); }
}

// --- sound ---
const audio = $("audio");
let on = false;
function sound(address) { audio.src = address; audio.play().catch((error) => note(String(error.message || error), true)); }
function play(at, going) {
  const row = state.rows.get(at);
  const key = row && (row.take || row.old);
  on = !!going;
  if (!key) { if (on && row && at + 1 < state.count) { go(at + 1); play(at + 1, true); } return; }
  state.playing = at;
  sound(`take/${encodeURIComponent(state.book)}/${key}.flac`);
  go(at);
}
audio.addEventListener("ended", () => { const at = state.playing; state.playing = -1; if (on && at + 1 < state.count) play(at + 1, true); else draw(); });
function halt() { on = false; audio.pause(); state.playing = -1; draw(); }

// --- work ---
async function follow(job) {
  for (let wait = 0; ; wait = 2) { // at first only to show it
    let told;
    try { told = await ask(`api/job/${job}?wait=${wait}`); } catch (error) {
      if (error.status >= 400 && error.status < 500) { state.jobs.delete(job); progress(); note(error.message, true); return; }
      note(say("lost"), true); // the network, or a server that is started again: the work goes on without us
      await new Promise((again) => setTimeout(again, 2000));
      continue;
    }
    if ($("note").textContent === say("lost")) note("");
    state.jobs.set(job, told);
    progress();
    if (told.state === "done" || told.state === "failed") {
      if (told.state === "failed") note(told.error, true);
      return told;
    }
  }
}
function progress() {
  const now = [...state.jobs.values()].filter((one) => one.state === "running" || one.state === "waiting").at(-1);
  $("progress").hidden = !now;
  if (!now) return;
  $("progress-text").textContent = `${say(`verb_${now.verb}`)}: ${say(now.state)} ${now.stage ? say(now.stage) : ""} ${now.total ? `${now.at}/${now.total}` : ""}`;
  $("progress-bar").max = now.total || 1;
  $("progress-bar").value = now.total ? now.at : 0;
}
async function resume() {
  const told = await tried(() => ask(`api/jobs/${encodeURIComponent(state.book)}`), true);
  for (const one of told?.jobs ?? []) if (one.state === "running" || one.state === "waiting") follow(one.id).then(() => opened(true));
}
async function files() {
  const told = await tried(() => ask(`api/files/${encodeURIComponent(state.book)}`), true);
  if (!told) return;
  const rows = told.files.map((one) => make("li", {}, make("a", {href: `files/${encodeURIComponent(state.book)}/${one.name.split("/").map(encodeURIComponent).join("/")}`, download: one.name.split("/").at(-1), textContent: one.name}), ` ${(one.bytes < 1e5 ? one.bytes / 1e3 : one.bytes / 1e6).toFixed(1)} ${one.bytes < 1e5 ? "kB" : "MB"}`));
  if (told.report) rows.unshift(make("li", {}, make("a", {href: `files/${encodeURIComponent(state.book)}/report.html`, target: "_blank", textContent: say("report")})));
  $("files").replaceChildren(...rows);
  options($("kind"), [["", say("another_kind")], ...told.kinds.map((one) => [one, one === "report" ? say("report") : one])]);
}
$("kind").addEventListener("change", async (event) => {
  const kind = event.target.value;
  event.target.value = "";
  const told = kind && await tried(() => ask(`api/deliver/${encodeURIComponent(state.book)}`, {kind}));
  if (told) { await follow(told.job); await files(); }
});
async function people() {
  const listed = await tried(() => ask("api/voices"), true);
  state.voices = listed?.voices ?? [];
  const told = await tried(() => ask(`api/characters/${encodeURIComponent(state.book)}`), true);
  const seen = JSON.stringify([state.book, told, listed]);
  if (!told || seen === state.people) return; // a list may be open just now
  state.people = seen;
  $("people").replaceChildren(...told.characters.map((one) => {
    const hear = make("button", {type: "button", className: "mini", textContent: "▶", title: say("hear")});
    hear.onclick = async () => { const lines = await tried(() => ask(`api/lines/${encodeURIComponent(state.book)}`, {filter: {speaker: one.name}, first: 0, count: 30})); const row = lines?.rows.find((each) => each.take); if (row) sound(`take/${encodeURIComponent(state.book)}/${row.take}.flac`); };
    const swatch = make("span", {className: "who", textContent: shown(one.name)});
    swatch.style.borderColor = colour(one.name);
    const row = make("li", {}, hear, swatch, make("span", {className: "num", textContent: `${one.lines} ${say("lines")}${one.doubt ? ` · ${say("doubt")} ${one.doubt}` : ""} · ${say("voice")} ${one.voice}`}));
    if (one.name !== "unknown") {
      const rename = make("button", {type: "button", textContent: say("rename"), hidden: one.name === "narrator"});
      rename.onclick = async () => { const name = (prompt(`${say("rename")} ${one.name}`, one.name) || "").trim(); if (name && name !== one.name) moved(one.name, name, told.characters.some((each) => each.name === name)); };
      const voices = make("select", {title: say("compare_voice")}), beside = make("div", {className: "voices"});
      options(voices, [["", say("compare_voice")], ...state.voices.map((each, index) => [String(index), `${each.name} (${each.cast || each.engine})`])]);
      const tried_out = state.beside.get(one.name) || [];
      const show = () => beside.replaceChildren(...[null, ...tried_out].map((each) => candidate(one, each)));
      voices.onchange = () => {
        const chosen = state.voices[Number(voices.value)];
        if (voices.value === "" || !chosen) return;
        if (!tried_out.some((each) => each.name === chosen.name && each.cast === chosen.cast)) tried_out.unshift(chosen);
        tried_out.splice(MOST_BESIDE);
        state.beside.set(one.name, tried_out);
        voices.value = "";
        show();
      };
      show();
      row.append(voices, rename, make("q", {className: "sample", textContent: one.text}), beside);
    }
    return row;
  }));
}
function candidate(who, voice) { // a voice beside the others: heard with the chosen line or the character's own, and given; null = the voice that the character has
  const hear = make("button", {type: "button", className: "mini", textContent: `▶ ${voice ? voice.name : who.voice}`, title: say("try_title")});
  hear.onclick = async () => {
    hear.disabled = true;
    const told = await tried(() => ask("api/audition", {text: state.rows.get(state.at)?.text || who.text, language: state.language, ...(voice ? {cast: voice.cast, voice: voice.name} : {book: state.book, who: who.name})}));
    hear.disabled = false;
    if (told) sound(`audition/${told.key}.flac`);
  };
  const box = make("span", {className: voice ? "voice" : "voice used"}, hear);
  if (!voice) { box.append(say("used")); return box; }
  const give = make("button", {type: "button", className: "mini", textContent: say("give")});
  give.onclick = async () => {
    const told = await tried(() => ask(`api/give/${encodeURIComponent(state.book)}`, {who: who.name, cast: voice.cast, voice: voice.name}));
    if (!told) return;
    state.beside.set(who.name, (state.beside.get(who.name) || []).filter((each) => each !== voice));
    await opened(true);
    note(`${say("given")} casts/${told.saved}`);
  };
  box.append(give);
  return box;
}
async function moved(old, name, merge) {
  if (merge && !confirm(`${say("merge")} ${name}: ${old}`)) return;
  const told = await tried(() => ask(`api/rename/${encodeURIComponent(state.book)}`, {old, new: name, merge}));
  if (told) { await follow(told.job); await opened(true); }
}
async function opened(keep) { await load(keep); await Promise.all([files(), people()]); }

// --- books ---
async function books() {
  const told = await tried(() => ask("api/books"), true);
  if (!told) return;
  options($("book"), [["", say("choose_book")], ...told.books.map((one) => [one, one])]);
  options($("manuscript"), [["", say("manuscript")], ...told.manuscripts.map((one) => [one, one])]);
  options($("cast"), [["", say("cast")], ...told.casts.map((one) => [one, one])]);
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (!state.book && told.books.includes(wanted)) { $("book").value = wanted; await select(wanted); }
}
async function select(name) {
  halt();
  state.filter = {};
  for (const one of ["search", "speaker", "chapter"]) $(one).value = "";
  for (const one of ["doubt", "emotion", "flagged", "stale"]) $(`only-${one}`).checked = false;
  Object.assign(state, {book: name, rows: new Map(), count: 0, at: -1, picked: new Map(), beside: new Map(), speakers: []});
  history.replaceState(null, "", name ? `#${encodeURIComponent(name)}` : location.pathname);
  $("desk").hidden = !name; $("empty").hidden = !!name;
  if (name) { await opened(false); await resume(); }
}
$("book").addEventListener("change", (event) => select(event.target.value));
$("make").onclick = async () => {
  const manuscript = $("manuscript").value;
  if (!manuscript) { note(say("manuscript"), true); return; }
  const told = await tried(() => ask("api/run", {manuscript, cast: $("cast").value}));
  if (!told) return;
  const ended = await follow(told.job);
  await books();
  if (ended?.state === "done") { $("book").value = told.book; await select(told.book); }
};
$("update").onclick = async () => { const told = await tried(() => ask("api/run", {book: state.book})); if (told) { await follow(told.job); await opened(true); } };
$("upload").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const form = new FormData();
  form.append("file", file);
  const told = await tried(() => ask("api/upload/manuscript", form));
  event.target.value = "";
  if (told) { await books(); $("manuscript").value = told.name; }
});
let typing = 0;
function filtered() {
  state.filter = {text: $("search").value.trim(), speaker: $("speaker").value, chapter: $("chapter").value};
  for (const name of ["doubt", "emotion", "flagged", "stale"]) state.filter[name] = $(`only-${name}`).checked;
  state.picked.clear();
  load(false);
}
$("search").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(filtered, 120); });
for (const name of ["speaker", "chapter", "only-doubt", "only-emotion", "only-flagged", "only-stale"]) $(name).addEventListener("change", filtered);
$("play").onclick = () => play(state.at);
$("play-on").onclick = () => play(Math.max(0, state.at), true);
$("stop").onclick = halt;
$("rerender").onclick = () => rerender(1);
$("three").onclick = () => rerender(3);
$("undo").onclick = undo;
document.addEventListener("keydown", (event) => {
  if (!state.book || !element.offsetParent || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === " " && event.target.closest("button, a, audio")) return; // it presses them
  const row = state.rows.get(state.at);
  const key = event.key.toLowerCase();
  if (key === " ") { if (audio.paused) play(Math.max(0, state.at)); else halt(); }
  else if (key === "j") go(state.at + 1);
  else if (key === "k") go(Math.max(0, state.at - 1));
  else if (key === "r") rerender(1);
  else if ("1234".includes(key) && row?.takes?.length) { const take = row.takes.slice(-8)[Number(key) - 1]; if (take && !take.used) choose(row, take.key); else return; }
  else return;
  event.preventDefault();
});
let away = false;
setInterval(async () => {
  if (document.hidden || !element.offsetParent) { away = true; return; }
  if (away || !state.book) { away = false; await books(); } // another tab may have made one
  if (!state.book) return;
  try {
    const told = await ask(`api/stamp/${encodeURIComponent(state.book)}`);
    if (told.stamp !== state.stamp && !state.busy.size) { state.stamp = told.stamp; await opened(true); }
  } catch { /* the next time will tell */ }
}, 3000);
for (const one of element.querySelectorAll("[data-say]")) one.append(say(one.dataset.say));
for (const one of element.querySelectorAll("[data-hint]")) one.placeholder = say(one.dataset.hint);
books();
