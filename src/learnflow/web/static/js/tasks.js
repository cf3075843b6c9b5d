// Topics, exercises, Check.
import { call } from "./api.js";
import { $, drafts, h, icon, show } from "./dom.js";
import * as editor from "./editor.js";
import { phrase, rendered } from "./markdown.js";
import { oneOf, t } from "./messages.js";
import * as quiz from "./quiz.js";

const TOPIC = "learnflow.topic";
const EXERCISE = "learnflow.exercise";
const path = (id) => id.split("/").map(encodeURIComponent).join("/");
let exercise = null;
let exercises = new Map();
let onChange = () => {};

export const context = () => ({
  ...($("topic").value ? { topic_id: $("topic").value } : {}),
  ...(exercise ? { exercise_id: exercise.exercise_id } : {}),
});

export async function setUp(changed) {
  onChange = changed;
  $("topic").addEventListener("change", () => { drafts.set(TOPIC, $("topic").value); drafts.set(EXERCISE, ""); loadExercises(); });
  $("exercise").addEventListener("change", () => { drafts.set(EXERCISE, $("exercise").value); open($("exercise").value); });
  $("check").addEventListener("click", check);
  $("open-quiz").addEventListener("click", () => quiz.open($("topic").value, onChange));
}

export async function load() {
  try {
    const modules = (await call("GET", "/modules")).items;
    $("topic").replaceChildren(...modules.map((module) => (
      h("optgroup", { label: module.title, lang: module.language }, ...module.topics.map((topic) => h("option", { value: topic.id, lang: topic.language }, topic.title)))
    )));
    $("topic").value = drafts.get(TOPIC) || "control-flow/for-loops";
    await loadExercises();
  } catch (problem) {
    $("statement").replaceChildren(h("p", {}, problem.status ? problem.message : t("noTopics")));
  }
}

async function loadExercises() {
  const topic = $("topic").value;
  quiz.close();
  show($("open-quiz"), true);
  let items = [];
  try { items = (await call("GET", `/exercises?topic_id=${encodeURIComponent(topic)}&limit=100`)).items; } catch { /* none to choose then */ }
  items = [...await assigned(topic, items), ...items];
  exercises = new Map(items.map((item) => [item.exercise_id, item]));
  const free = h("option", { value: "" }, t("noExercise"));
  $("exercise").replaceChildren(free, ...items.map((item) => h("option", { value: item.exercise_id, lang: item.language }, label(item))));
  const before = drafts.get(EXERCISE);
  $("exercise").value = items.some((item) => item.exercise_id === before) ? before : "";
  if ($("exercise").value) await open($("exercise").value);
  else nothing(items.length === 0 ? t("noExercisesYet") : t("chooseOne"));
}

// What a teacher gave may be new, and then no list of the course has it.
async function assigned(topic, known) {
  try {
    const given = (await call("GET", "/assignments?limit=100")).items.filter((item) => item.topic_id === topic);
    for (const item of known) item.assigned = given.some((one) => one.exercise_id === item.exercise_id);
    const fresh = given.filter((one, at) => !known.some((item) => item.exercise_id === one.exercise_id)
      && given.findIndex((other) => other.exercise_id === one.exercise_id) === at);
    return fresh.map((one) => ({ ...one, passed: one.done, assigned: true }));
  } catch {
    return [];
  }
}

// From a notice: the exercise, whatever topic is shown.
export async function go(topicId, exerciseId) {
  drafts.set(TOPIC, topicId);
  drafts.set(EXERCISE, exerciseId);
  $("topic").value = topicId;
  location.hash = "#task";
  await loadExercises();
}

function label(item) {
  const words = [oneOf("difficulty", item.difficulty), item.assigned ? t("assignedMark") : "", item.passed ? t("passedMark") : ""];
  return `${item.title} (${words.filter(Boolean).join(", ")})`;
}

function nothing(sentence) {
  exercise = null;
  show($("check"), false);
  $("result").replaceChildren();
  $("statement").replaceChildren(sentence ? h("p", { class: "note" }, sentence) : "");
  editor.open("", "");
}

async function open(id) {
  if (!id) { nothing(t("chooseOne")); return; }
  try {
    exercise = await call("GET", `/exercises/${path(id)}`);
  } catch (problem) {
    nothing(problem.message);
    return;
  }
  $("result").replaceChildren();
  const lang = exercise.language;
  const told = (text) => { const element = rendered(text); element.lang = lang ?? ""; return element; };
  const tests = (exercise.tests ?? []).map((test) => line(false, test.text ?? test.message ?? "", lang));
  if (exercise.hidden_tests) tests.push(line(false, t("hiddenTests", { n: exercise.hidden_tests })));
  $("statement").replaceChildren(
    h("h3", { lang }, exercise.title), told(exercise.statement),
    ...(exercise.program ? [rendered("```\n" + exercise.program + "\n```")] : []),
    ...(exercise.preamble ? [h("details", {}, h("summary", {}, t("readyBefore")), rendered("```\n" + exercise.preamble + "\n```"))] : []),
    ...(tests.length ? [h("h3", {}, t("whatCheckLooksAt")), h("ul", { class: "tests" }, ...tests)] : []),
  );
  show($("check"), true);
  const lines = (exercise.lines ?? []).join("\n");
  editor.open(exercise.exercise_id, exercise.starter || lines, exercise.preamble);
}

function line(passed, text, lang) {
  return h("li", { class: passed ? "ok" : undefined }, icon(passed ? "i-done" : "i-todo"), h("span", { lang }, ...phrase(text)));
}

async function check() {
  const button = $("check");
  button.disabled = true;
  button.textContent = t("checking");
  try {
    const grade = await call("POST", `/exercises/${path(exercise.exercise_id)}/submissions`, { code: editor.program() });
    const shown = verdict(grade);
    $("result").replaceChildren(...shown);
    if (!grade.passed) addSmallest(grade.submission_id, shown[0]);
    if (grade.passed) {
      exercise.passed = true;
      $("exercise").selectedOptions[0].textContent = label({ ...exercise, assigned: exercises.get(exercise.exercise_id)?.assigned });
    }
    onChange();
  } catch (problem) {
    $("result").replaceChildren(h("p", { class: "wrong-note" }, problem.message));
  } finally {
    button.disabled = false;
    button.textContent = t("check");
    if (matchMedia("(max-width: 900px)").matches) location.hash = "#task";
    $("result").scrollIntoView({ block: "nearest" });
  }
}

// Looked for only now, so that the grade does not wait; by then another result may be shown.
async function addSmallest(id, beside) {
  try {
    const found = (await call("GET", `/submissions/${id}`)).smallest_failing;
    if (found && beside.isConnected) $("result").append(h("p", { lang: exercise.language }, ...phrase(found.text)));
  } catch { /* the verdict stands without it */ }
}

function inWords(text, test) {
  return test.passed ? text ?? test.message : [text, test.message].filter(Boolean).join(" ");
}

function verdict(grade) {
  const seen = (grade.tests ?? []).filter((test) => !test.hidden);
  const all = grade.tests_total ?? grade.tests.length;
  const passed = grade.tests_passed ?? grade.tests.filter((test) => test.passed).length;
  const words = new Map((exercise.tests ?? []).map((test) => [test.number, test.text]));
  const lines = seen.map((test) => line(test.passed, inWords(words.get(test.number), test), exercise.language));
  if (grade.hidden_total) lines.push(line(grade.hidden_passed === grade.hidden_total, t("hiddenResult", { n: grade.hidden_passed, total: grade.hidden_total })));
  return [
    h("p", {}, h("b", {}, grade.passed ? t("allPass", { n: all }) : t("testsPass", { n: passed, total: all }))),
    h("ul", { class: "tests" }, ...lines),
    grade.error ? h("p", {}, `${grade.error.type}: ${grade.error.message}`) : "",
    grade.passed ? h("p", {}, t("offerQuiz")) : "",
  ].filter((part) => part !== "");
}
