// What the service tells while the page is open: notices, alerts, what was assigned.
import { call } from "./api.js";
import { $, h } from "./dom.js";
import { t, time, TUTOR } from "./messages.js";

const MOST = 50;
let openExercise = () => {};
const QUIET = new Set(["code_executed", "concept_explained", "hint_given"]);
let unread = 0;

export function setUp(opened) { openExercise = opened; }

export function clear() {
  unread = 0;
  $("notices").replaceChildren(h("li", { id: "no-notices" }, t("noticesEmpty")));
  count();
}

// What was told while the page was closed.
export async function load() {
  try {
    const page = await call("GET", "/notifications?limit=20");
    for (const notice of page.items.toReversed()) put(notice, notice.created_at);
    unread = page.unread ?? 0;
    count();
  } catch { /* live notices come all the same */ }
}

export function add(frame) {
  const data = frame.data ?? {};
  if (frame.type !== "notice" || QUIET.has(data.kind)) return;
  put(data, new Date());
  if ($("notices-page").hidden) unread += 1;
  count();
}

function put(data, when) {
  $("no-notices")?.remove();
  const title = data.title ?? t("noticeOther");
  const text = data.message ?? "";
  $("notices").prepend(h("li", {}, h("b", { lang: TUTOR }, String(title)), text ? h("p", { lang: TUTOR }, String(text)) : "", way(data), h("span", { class: "note" }, time(when))));
  while ($("notices").children.length > MOST) $("notices").lastElementChild.remove();
}

// An exercise is opened from here; other notices are read alone.
function way({ kind, about }) {
  if (kind !== "assignment" || !about?.exercise_id) return "";
  return h("p", {}, h("button", { class: "btn small", type: "button", on: { click: () => openExercise(about.topic_id, about.exercise_id) } }, t("openIt")));
}

export function read() {
  unread = 0;
  count();
}

function count() { $("notice-count").textContent = unread ? `(${unread})` : ""; }
