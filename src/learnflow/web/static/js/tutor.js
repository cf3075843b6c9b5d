// Ask, watch the answer come, cancel, ask again.
import { call, events } from "./api.js";
import { $, drafts, h } from "./dom.js";
import { lastError, program } from "./editor.js";
import { rendered } from "./markdown.js";
import { TUTOR, language, names, oneOf, t } from "./messages.js";

const KEY = "learnflow.question";
const STILL_WORKING_AFTER_MS = 5000;
const TRIES = 5;
const HAS_EXAMPLES = new Set(["concepts", "course-agent"]);
let asking = null;
let context = () => ({});
let onAnswer = () => {};

export function setUp(whereAmI, answered) {
  context = whereAmI;
  onAnswer = answered;
  const box = $("question");
  box.value = drafts.get(KEY);
  box.addEventListener("input", () => { drafts.set(KEY, box.value); grow(); });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
  });
  $("ask").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  redraw();
  grow();
}

export function redraw() {
  // the tutor understands one language, and these are for it
  $("chips").replaceChildren(...names("chips").map((name) => oneOf("chips", name)).map((text) => (
    h("button", { type: "button", class: "chip", lang: TUTOR, on: { click: () => suggest(text) } }, text)
  )));
  if (!$("talk").querySelector("article")) empty();
}

function suggest(text) {
  $("question").value = text;
  drafts.set(KEY, text);
  $("question").focus();
  grow();
}

export function empty() {
  $("talk").replaceChildren(h("p", { class: "note", id: "talk-empty" }, t("tutorEmpty")));
  $("chips").hidden = false;
}

export function helpWithError() {
  location.hash = "#tutor";
  ask({ query: t("helpQuestion"), code: program(), error: lastError() ?? undefined });
}

function grow() {
  const box = $("question");
  box.style.blockSize = "auto";
  box.style.blockSize = `${Math.min(160, box.scrollHeight + 2)}px`;
}

function submit() {
  const query = $("question").value.trim();
  if (!query) { $("ask-error").textContent = t("askEmpty"); return; }
  if (asking) return;
  const body = { query };
  if ($("with-code").checked && program().trim()) {
    body.code = program();
    if (lastError()) body.error = lastError();
  }
  ask(body);
}

async function ask(body) {
  if (asking) return;
  asking = new AbortController();
  $("ask-error").textContent = "";
  $("talk-empty")?.remove();
  $("chips").hidden = true;
  const turn = new Turn(body, () => asking?.abort());
  const key = crypto.randomUUID();
  try {
    const accepted = await call("POST", "/query", { ...body, context: context() }, {
      headers: { "Idempotency-Key": key }, signal: asking.signal,
    });
    turn.queryId = accepted.query_id;
    cleared(body.query);
    await follow(accepted.query_id, turn, asking.signal);
    onAnswer();
  } catch (problem) {
    kept(body.query);
    if (problem.name === "AbortError" && turn.queryId) call("POST", `/query/${turn.queryId}/stop`).catch(() => {});
    turn.failed(problem.name === "AbortError" ? t("cancelled") : problem.message, () => ask(body));
  } finally {
    turn.ended();
    asking = null;
  }
}

// A stream that is cut is taken up again after the last event that came.
async function follow(queryId, turn, signal) {
  let after = -1;
  for (let tries = 0; ; tries += 1) {
    try {
      for await (const event of events(`/query/${queryId}/stream`, after, signal)) {
        after = event.number;
        tries = 0;
        if (event.name === "agent") turn.agent(event.data);
        else if (event.name === "part") turn.part(event.data);
        else if (event.name === "done" && event.data.answer) { turn.done(event.data.answer); return; }
        else if (event.name === "done") return;
      }
    } catch (problem) {
      if (problem.name === "AbortError" || tries >= TRIES || (problem.status >= 400 && problem.status < 500)) throw problem;
    }
    if (tries >= TRIES) throw new Error(t("problems.no_answer"));
    await new Promise((later) => { setTimeout(later, 300 * 2 ** tries); });
  }
}

function cleared(query) {
  if ($("question").value.trim() !== query) return;
  $("question").value = "";
  drafts.set(KEY, "");
  grow();
}

function kept(query) {
  if ($("question").value.trim()) return;
  $("question").value = query;
  drafts.set(KEY, query);
  grow();
}

class Turn {
  constructor({ query, code }, cancel) {
    this.text = "";
    this.rate = [];
    this.withCode = Boolean(code);
    this.body = h("div", { lang: TUTOR });
    this.name = h("b", {}, t("asking"));
    this.how = h("span");
    this.foot = h("div", { class: "acts" }, h("button", { class: "btn small soft", type: "button", on: { click: cancel } }, t("cancel")));
    // the log announces finished messages only: this one is busy until it has ended
    this.article = h("article", { class: "said", "aria-busy": "true" }, h("h3", { class: "by" }, this.name, this.how), this.body, this.foot);
    $("talk").append(h("article", { class: "me" }, h("p", { class: "by" }, h("b", {}, t("you"))), h("p", {}, query)), this.article);
    this.timer = setTimeout(() => this.foot.prepend(h("span", { class: "note" }, t("stillWorking"))), STILL_WORKING_AFTER_MS);
    this.scroll();
  }

  agent(data) { this.name.textContent = oneOf("agents", data.agent); }

  part(data) {
    this.agent(data);
    this.text += data.text;
    this.body.replaceChildren(rendered(this.text));
    this.scroll();
  }

  done(answer) {
    this.agent(answer);
    const model = answer.tutor && answer.tutor !== "built-in" ? t("wordedBy", { model: answer.tutor }) : "";
    this.how.textContent = model || (answer.verified ? this.checkedHow(answer.agent) : "");
    // a lesson is in the reader's language, where its topic is
    this.body.lang = answer.details?.language ?? TUTOR;
    this.body.replaceChildren(...(answer.hint_level ? [rungs(answer)] : []), rendered(answer.answer));
    if (answer.clarification) this.body.append(h("div", { lang: TUTOR }, rendered(answer.clarification)));
    this.rate = [rating(this.queryId, true), rating(this.queryId, false)];
    // what stands at the top of a long answer is read first
    this.article.scrollIntoView({ block: "nearest" });
    this.article.previousElementSibling.scrollIntoView({ block: "start" });
  }

  checkedHow(agent) {
    if (HAS_EXAMPLES.has(agent)) return t("examplesRan");
    return this.withCode ? t("checked") : "";
  }

  failed(sentence, again) {
    this.name.textContent = t("agents.system");
    this.body.append(h("p", { lang: language }, sentence), h("button", { lang: language, class: "btn small", type: "button", on: { click: again } }, t("askAgain")));
    this.scroll();
  }

  ended() {
    clearTimeout(this.timer);
    this.foot.replaceChildren(...this.rate);
    this.article.removeAttribute("aria-busy");
  }

  scroll() { $("talk").scrollTop = $("talk").scrollHeight; }
}

function rating(queryId, helpful) {
  return h("button", { class: "btn small soft", type: "button", on: { click: rate } }, t(helpful ? "helped" : "helpedNot"));

  async function rate(event) {
    const foot = event.currentTarget.parentElement;
    try {
      await call("POST", `/query/${queryId}/rate`, { helpful });
      foot.replaceChildren(h("p", { class: "note", role: "status" }, t("thanks")));
    } catch (problem) {
      foot.append(h("p", { class: "note", role: "alert" }, problem.message));
    }
  }
}

function rungs(answer) {
  const steps = Array.from({ length: answer.hint_levels ?? 4 }, (_, at) => h("i", { class: at < answer.hint_level ? "on" : undefined }));
  return h("div", { lang: language }, h("div", { class: "rungs", "aria-hidden": "true" }, ...steps),
    h("p", { class: "by" }, h("span", { class: "num" }, t("hintLevel", { level: answer.hint_level, levels: answer.hint_levels ?? 4 }))));
}
