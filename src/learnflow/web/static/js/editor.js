// The editor, Run and Stop, and what came of it.
import { call } from "./api.js";
import { $, drafts, h, show } from "./dom.js";
import { oneOf, seconds, t, time } from "./messages.js";

const KEY = "learnflow.code";
const INDENT = "    ";
let failed = null;
let running = null;
let tabIndents = false;
let context = () => ({});
let draftKey = KEY;
let preamble = "";

export const program = () => $("program").value;
export const lastError = () => failed;

export function setUp(whereAmI, askForHelp) {
  context = whereAmI;
  const area = $("program");
  open("", "");
  area.addEventListener("input", () => { tabIndents = true; keep(); clearMark(); draw(); });
  area.addEventListener("pointerdown", () => { tabIndents = true; sayKeys(); });
  area.addEventListener("blur", () => { tabIndents = false; sayKeys(); });
  area.addEventListener("scroll", () => { $("gutter").scrollTop = area.scrollTop; });
  area.addEventListener("keydown", onKey);
  for (const event of ["keyup", "click", "select"]) area.addEventListener(event, sayPlace);
  $("run").addEventListener("click", () => (running ? stop() : run()));
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && !$("learn").hidden && event.target.id !== "question") {
      event.preventDefault();
      if (!running) run();
    }
  });
  $("help-error").addEventListener("click", () => askForHelp());
  say(t("outputEmpty"));
  sayKeys();
}

// What the editor says by itself, in the language that was chosen.
export function redraw() {
  sayKeys();
  sayPlace();
  setButton(t(running ? "stop" : "run"), running ? "i-stop" : "i-play");
  if ($("out").querySelector(".empty")) say(t("outputEmpty"));
}

// Each exercise has a program of its own; what was typed before is there again.
export function open(exerciseId, starter, ready = "") {
  const before = draftKey;
  preamble = ready;
  draftKey = exerciseId ? `${KEY}.${exerciseId}` : KEY;
  $("program").value = drafts.get(draftKey) || starter;
  // what is loaded anew keeps its output: a run may have been faster than the list of exercises
  if (draftKey !== before) empty();
  else if (!failed) draw();
}

export function empty() {
  $("saved").textContent = "";
  $("how-it-went").textContent = "";
  say(t("outputEmpty"));
  clearMark();
  draw();
}

function keep() {
  drafts.set(draftKey, program());
  $("saved").textContent = t("saved", { time: time(new Date()) });
}

function onKey(event) {
  if (event.key === "Escape") { tabIndents = false; sayKeys(); return; }
  if (event.key === "Tab" && tabIndents && !event.shiftKey) {
    event.preventDefault();
    insert(INDENT);
  } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) {
    event.preventDefault();
    insert("\n" + indentAfter(program().slice(0, event.target.selectionStart)));
  }
}

function indentAfter(before) {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return /^ */.exec(line)[0] + (/:\s*(#.*)?$/.test(line) ? INDENT : "");
}

function insert(text) {
  const area = $("program");
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input"));
  sayPlace();
}

function sayKeys() { $("keys").textContent = tabIndents ? t("tabIndents") : t("tabLeaves"); }

function sayPlace() {
  const before = program().slice(0, $("program").selectionStart);
  const line = before.split("\n").length;
  $("place").textContent = t("place", { line, column: before.length - before.lastIndexOf("\n") });
}

function draw(bad = 0) {
  const lines = program().split("\n").length;
  $("gutter").replaceChildren(...Array.from({ length: lines }, (_, at) => (
    h("span", { class: at + 1 === bad ? "bad" : undefined }, (at + 1 === bad ? "! " : "") + (at + 1))
  )));
  $("gutter").scrollTop = $("program").scrollTop;
}

function clearMark() {
  failed = null;
  show($("plainly"), false);
  $("tab-output").classList.remove("has-error");
}

async function run() {
  running = crypto.randomUUID();
  setButton(t("stop"), "i-stop");
  clearMark();
  draw();
  $("how-it-went").textContent = t("running");
  say("");
  try {
    const result = await call("POST", "/code/execute", {
      code: program(), preamble, stdin: $("stdin").value, execution_id: running, context: context(),
    });
    shown(result);
  } catch (problem) {
    $("how-it-went").textContent = "";
    say(problem.message);
  } finally {
    running = null;
    setButton(t("run"), "i-play");
  }
}

async function stop() {
  const id = running;
  try { await call("DELETE", `/code/executions/${id}`); } catch { /* it has ended already */ }
}

function shown(result) {
  const took = seconds(result.duration_ms);
  const line = result.error?.line ?? 0;
  const isOk = result.status === "ok";
  $("how-it-went").textContent = isOk ? t("ranOk", { seconds: took }) : line ? t("stoppedInLine", { line, seconds: took }) : t("stoppedAfter", { seconds: took });
  const message = result.error ? `${result.error.type}: ${result.error.message}` : "";
  const trace = (result.stderr || "").trimEnd();
  const before = message && trace.endsWith(message) ? trace.slice(0, -message.length).trimEnd() : trace;
  $("out").replaceChildren(
    result.stdout || "",
    before ? h("span", { class: "err" }, `${result.stdout && !result.stdout.endsWith("\n") ? "\n" : ""}${before}\n`) : "",
    message ? h("span", { class: "msg" }, message) : "",
  );
  if (!result.stdout && !before && !message) say(isOk ? t("nothingPrinted") : "");
  if (isOk) return;
  failed = trace || message || null;
  draw(line);
  $("plain-sentence").textContent = result.status === "error" && line ? t("errorInLine", { line }) : oneOf("plainly", result.status, {}, "");
  show($("help-error"), result.status === "error");
  show($("plainly"), true);
  $("out").scrollTop = $("out").scrollHeight;
  $("tab-output").classList.add("has-error");
}

function say(sentence) {
  $("out").replaceChildren(sentence ? h("span", { class: "empty" }, sentence) : "");
}

function setButton(word, sign) {
  $("run-word").textContent = word;
  $("run-sign").setAttribute("href", `#${sign}`);
}
