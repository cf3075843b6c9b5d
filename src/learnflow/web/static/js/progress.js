// How far you are: number, word and mark; and what the number is made of.
import { call } from "./api.js";
import { $, h, icon } from "./dom.js";
import { number, oneOf, t } from "./messages.js";

const WEIGHTS = { exercises: 40, quiz: 30, quality: 20, consistency: 10 };
const LEVELS = ["Beginner", "Learning", "Proficient", "Mastered"];
const course = new Map();

// The titles stand in the reader's language in the course; progress knows numbers.
export async function load() {
  try {
    const [progress, modules] = await Promise.all([call("GET", "/progress"), call("GET", "/modules").catch(() => null)]);
    for (const module of modules?.items ?? []) for (const part of [module, ...module.topics]) course.set(part.id, part);
    draw(progress);
  } catch (problem) {
    $("progress-note").textContent = problem.message;
  }
}

function draw(progress) {
  const days = progress.active_days_last_30 ?? 0;
  $("progress-note").textContent = t("activeDays", { n: days, streak: progress.streak?.current ?? 0 });
  const modules = progress.modules ?? [];
  $("modules").replaceChildren(...(modules.length ? modules.map(moduleRow) : [h("li", {}, t("progressNone"))]));
}

function moduleRow(module, at) {
  return h("li", { id: `module-${module.id}` },
    h("div", { class: "row" }, h("h2", {}, `${at + 1}. `, named(module)), level(module.mastery, module.level)),
    h("div", { class: "topics" }, ...(module.topics ?? []).map(topicRow)));
}

function topicRow(topic) {
  if (topic.started === false) return h("div", { class: "row" }, named(topic), h("span", { class: "note" }, t("notStarted")));
  const summary = h("summary", { "aria-label": `${course.get(topic.id)?.title ?? topic.title}, ${t("percent", { n: topic.mastery })}, ${oneOf("levels", topic.level)}` }, named(topic), level(topic.mastery, topic.level));
  return h("details", { class: "why-row" }, summary, formula(topic));
}

function named(part) {
  const told = course.get(part.id) ?? part;
  return h("span", { lang: told.language }, told.title);
}

function formula(topic) {
  const rows = Object.entries(WEIGHTS).map(([name, weight]) => {
    const have = topic.components?.[name] ?? 0;
    return h("tr", {}, h("th", { scope: "row" }, oneOf("components", name)), h("td", {}, number(have)), h("td", {}, `× ${t("percent", { n: weight })}`), h("td", {}, number(have * weight / 100)));
  });
  return h("table", {},
    h("thead", {}, h("tr", {}, ...["", t("have"), t("counts"), t("gives")].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, ...rows),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row", colspan: "3" }, t("together")), h("td", {}, String(topic.mastery)))));
}

function level(mastery, word) {
  const step = LEVELS.indexOf(word) + 1;
  return h("span", { class: "lvl" }, icon(`lv${step}`, `lv l${step}`), h("b", { class: "pc" }, t("percent", { n: mastery })), h("span", { class: "word-of" }, oneOf("levels", word)));
}
