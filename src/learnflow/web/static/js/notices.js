// What the service tells while the page is open: notices, alerts, what was assigned.
import { $, h } from "./dom.js";
import { m } from "./messages.js";

const MOST = 50;
const QUIET = new Set(["code_executed", "concept_explained", "hint_given"]);
let unread = 0;

export function clear() {
  unread = 0;
  $("notices").replaceChildren(h("li", { id: "no-notices" }, m.noticesEmpty));
  count();
}

export function add(frame) {
  const data = frame.data ?? {};
  if (QUIET.has(data.kind)) return;
  $("no-notices")?.remove();
  const title = data.title ?? m.notices[data.kind] ?? data.kind?.replaceAll("_", " ") ?? m.noticeOther;
  const text = data.message ?? data.reason ?? data.evidence?.summary ?? "";
  const time = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" }).format(new Date());
  $("notices").prepend(h("li", {}, h("b", {}, String(title)), text ? h("p", {}, String(text)) : "", h("span", { class: "note" }, time)));
  while ($("notices").children.length > MOST) $("notices").lastElementChild.remove();
  if ($("notices-page").hidden) unread += 1;
  count();
}

export function read() {
  unread = 0;
  count();
}

function count() { $("notice-count").textContent = unread ? `(${unread})` : ""; }
