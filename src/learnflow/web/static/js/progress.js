// How far you are: number, word and mark; and what the number is made of.
import { call } from "./api.js";
import { $, h, icon } from "./dom.js";
import { m } from "./messages.js";

export async function load() {
  try {
    draw(await call("GET", "/progress"));
  } catch (problem) {
    $("progress-note").textContent = problem.message;
  }
}

function draw(progress) {
  const days = progress.active_days_last_30 ?? 0;
  $("progress-note").textContent = m.progressNote(days, progress.streak?.current ?? 0);
  const modules = progress.modules ?? [];
  $("modules").replaceChildren(...(modules.length ? modules.map(moduleRow) : [h("li", {}, m.progressNone)]));
}

function moduleRow(module, at) {
  return h("li", { id: `module-${module.id}` },
    h("div", { class: "row" }, h("h2", {}, `${at + 1}. ${module.title}`), level(module.mastery, module.level)),
    h("div", { class: "topics" }, ...(module.topics ?? []).map(topicRow)));
}

function topicRow(topic) {
  if (topic.started === false) return h("div", { class: "row" }, h("span", {}, topic.title), h("span", { class: "note" }, m.notStarted));
  const summary = h("summary", { "aria-label": `${topic.title}, ${m.percent(topic.mastery)}, ${topic.level}` }, h("span", {}, topic.title), level(topic.mastery, topic.level));
  return h("details", { class: "why-row" }, summary, formula(topic));
}

function formula(topic) {
  const rows = Object.entries(m.components).map(([name, [title, weight]]) => {
    const have = topic.components?.[name] ?? 0;
    return h("tr", {}, h("th", { scope: "row" }, title), h("td", {}, rounded(have)), h("td", {}, `× ${m.percent(weight)}`), h("td", {}, rounded(have * weight / 100)));
  });
  return h("table", {},
    h("thead", {}, h("tr", {}, ...m.haveCountsGives.map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, ...rows),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row", colspan: "3" }, m.together), h("td", {}, String(topic.mastery)))));
}

const rounded = (number) => String(Math.round(number * 10) / 10);

function level(mastery, word) {
  const step = m.levels[word] ?? 0;
  return h("span", { class: "lvl" }, icon(`lv${step}`, `lv l${step}`), h("b", { class: "pc" }, m.percent(mastery)), h("span", { class: "word-of" }, word));
}
