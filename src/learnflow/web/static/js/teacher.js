// A teacher's page: who needs help now and why, what they tried, and an exercise for it.
import { call } from "./api.js";
import { $, h, show } from "./dom.js";
import { quoted, rendered } from "./markdown.js";
import { dayAndTime, oneOf, t, TUTOR } from "./messages.js";

const TOMORROW_MIN = 24 * 60;
// the socket tells at once; looked at again all the same, so that a lost frame costs half a minute
const LOOK_EVERY_MS = 30000;
let names = new Map();
let topics = new Map();
let looking = null;

export function setUp(role) {
  topics = new Map();
  $("alerts").replaceChildren();
  show($("needs"), role === "teacher");
  clearInterval(looking);
  looking = setInterval(() => { if (!$("notices-page").hidden) load(); }, LOOK_EVERY_MS);
}

export async function load() {
  if ($("needs").hidden) return;
  try {
    names = await namesOfStudents().catch(() => names);
    if (!topics.size) topics = await titlesOfTopics().catch(() => topics);
    const open = (await call("GET", "/teacher/alerts?status=open")).items;
    const before = new Map([...$("alerts").children].map((row) => [row.dataset.alert, row]));
    // a row that is open keeps what was loaded and typed in it
    $("alerts").replaceChildren(...(open.length ? open.map((alert) => before.get(alert.alert_id) ?? row(alert)) : [h("li", {}, t("nobodyNeedsHelp"))]));
  } catch (problem) {
    $("alerts").replaceChildren(h("li", { class: "wrong-note" }, problem.message));
  }
}

async function namesOfStudents() {
  const classes = (await call("GET", "/classes?limit=100")).items;
  const pages = await Promise.all(classes.map((one) => call("GET", `/teacher/classes/${one.id}/students?limit=100`)));
  return new Map(pages.flatMap((page) => page.items.map((student) => [student.student_id, student.name])));
}

async function titlesOfTopics() {
  const modules = (await call("GET", "/modules")).items;
  return new Map(modules.flatMap((module) => module.topics.map((topic) => [topic.id, topic.title])));
}

// What a teacher does with an alert; the row goes when the list comes anew.
function acts(alert) {
  const said = h("span", { class: "wrong-note", role: "alert" });
  const one = (what, body) => h("button", { class: "btn small", type: "button", on: { click: async (event) => {
    event.currentTarget.disabled = true;
    try {
      await call("POST", `/teacher/alerts/${alert.alert_id}/${what}`, body);
      await load();
    } catch (problem) {
      event.target.disabled = false;
      said.textContent = problem.message;
    }
  } } }, oneOf("handle", what));
  return h("div", { class: "acts" }, one("acknowledge"), one("snooze", { minutes: TOMORROW_MIN }), one("resolve"), said);
}

function row(alert) {
  const name = names.get(alert.student_id) ?? t("oneStudent");
  const since = dayAndTime(alert.since);
  const details = h("details", {}, h("summary", {}, t("whatTheyTried")));
  details.addEventListener("toggle", () => { if (details.open && !details.dataset.loaded) tried(details, alert); });
  return h("li", { "data-alert": alert.alert_id }, h("h3", {}, name), h("p", { lang: TUTOR }, alert.reason),
    h("p", { class: "note" }, t("sinceWhen", { time: since, severity: oneOf("severity", alert.severity) })),
    topics.has(alert.topic_id) ? h("p", { class: "note" }, t("topicIs", { title: topics.get(alert.topic_id) })) : "", acts(alert), details);
}

async function tried(details, alert) {
  details.dataset.loaded = "yes";
  try {
    const student = await call("GET", `/teacher/students/${alert.student_id}`);
    const items = (student.attempts?.items ?? []).filter((item) => !alert.topic_id || item.topic_id === alert.topic_id || !item.topic_id);
    details.append(...items.slice(0, 5).map(attempt), wish(alert));
  } catch (problem) {
    delete details.dataset.loaded;
    details.append(h("p", { class: "wrong-note" }, problem.message));
  }
}

function attempt(item) {
  const words = item.passed ? t("right") : t("scored", { score: Math.round(item.score ?? 0) });
  return h("div", { class: "attempt" }, h("p", { class: "note" }, `${item.exercise_id} · ${words}`), quoted(item.code ?? ""));
}

function wish(alert) {
  const id = `wish-${alert.alert_id}`;
  const field = h("input", { class: "field", id, value: topics.has(alert.topic_id) ? t("newOn", { topic: alert.topic_id.split("/").pop().replaceAll("-", " ") }) : "", maxlength: "500" });
  const drafts = h("div", { role: "status" });
  const form = h("form", { class: "wish" }, h("label", { for: id }, t("newExercises")), field, h("button", { class: "btn" }, t("make")), drafts);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    drafts.replaceChildren(h("p", { class: "note" }, t("making")));
    try {
      const made = (await call("POST", "/teacher/exercises/generate", { request: field.value })).items;
      drafts.replaceChildren(...made.map((draft) => shown(draft, alert)));
    } catch (problem) {
      drafts.replaceChildren(h("p", { class: "wrong-note" }, problem.message));
    }
  });
  return form;
}

function shown(draft, alert) {
  const said = h("span", { role: "status" });
  const button = h("button", { class: "btn main", type: "button" }, t("assign"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await call("POST", "/teacher/assignments", { exercise_id: draft.exercise_id, student_ids: [alert.student_id] });
      said.textContent = t("assigned");
    } catch (problem) {
      button.disabled = false;
      said.textContent = problem.message;
    }
  });
  return h("div", { class: "attempt" }, h("h4", {}, `${draft.title} (${oneOf("difficulty", draft.difficulty)})`), rendered(draft.statement),
    draft.reference ? quoted(draft.reference) : "", h("div", { class: "acts" }, button, said));
}
