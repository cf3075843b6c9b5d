// The quiz of a topic: its questions as form fields, then what was right and why.
import { call } from "./api.js";
import { $, h } from "./dom.js";
import { phrase, quoted, rendered } from "./markdown.js";
import { language, t } from "./messages.js";

let onChange = () => {};

export function close() { $("quiz").replaceChildren(); }

export async function open(topicId, changed) {
  onChange = changed;
  try {
    draw(await call("GET", `/quizzes?topic_id=${encodeURIComponent(topicId)}`));
  } catch (problem) {
    $("quiz").replaceChildren(h("p", {}, problem.message));
  }
}

function draw(quiz) {
  const form = h("form", { "aria-labelledby": "h-quiz" },
    h("h3", { id: "h-quiz", tabindex: "-1", lang: quiz.language }, quiz.title),
    ...quiz.questions.map((asked, at) => question(asked, at, quiz.language)),
    h("p", { class: "wrong-note", role: "alert", id: "quiz-error" }),
    h("button", { class: "btn main" }, t("quizSend")));
  form.addEventListener("submit", (event) => { event.preventDefault(); send(quiz, form); });
  $("quiz").replaceChildren(form);
  $("h-quiz").focus();
}

function question(asked, at, lang) {
  const body = asked.kind === "order" ? places(asked) : choices(asked);
  return h("fieldset", { id: `q-${asked.question_id}`, lang }, h("legend", {}, `${at + 1}. `, ...phrase(asked.ask)),
    asked.code ? quoted(asked.code) : "", ...body);
}

function choices(asked) {
  const type = asked.kind === "multiple" ? "checkbox" : "radio";
  return asked.options.map((option) => (
    h("label", {}, h("input", { type, name: asked.question_id, value: option.option }), shown(asked, option))
  ));
}

// What a program prints keeps its lines; a sentence may hold code.
function shown(asked, option) {
  return asked.kind === "predict" ? h("pre", { class: "prints" }, option.text) : h("span", {}, ...phrase(option.text));
}

function places(asked) {
  return asked.options.map((_, at) => h("div", {}, h("label", { lang: language, for: `${asked.question_id}-${at}` }, t("position", { n: at + 1 })),
    h("select", { class: "field", id: `${asked.question_id}-${at}`, name: asked.question_id },
      h("option", { value: "" }, t("choose")), ...asked.options.map((option) => h("option", { value: option.option }, option.text)))));
}

function answered(quiz, form) {
  const data = new FormData(form);
  const answers = {};
  for (const asked of quiz.questions) {
    const chosen = data.getAll(asked.question_id).filter(Boolean);
    if (chosen.length) answers[asked.question_id] = ["multiple", "order"].includes(asked.kind) ? chosen : chosen[0];
  }
  return answers;
}

async function send(quiz, form) {
  const answers = answered(quiz, form);
  const open = quiz.questions.length - Object.keys(answers).length;
  if (open) { $("quiz-error").textContent = t("quizUnanswered", { n: open }); return; }
  const twice = quiz.questions.findIndex(({ question_id: id }) => Array.isArray(answers[id]) && new Set(answers[id]).size < answers[id].length);
  if (twice >= 0) { $("quiz-error").textContent = t("quizTwice", { n: twice + 1 }); return; }
  try {
    explain(await call("POST", `/quizzes/${quiz.quiz_id}/attempts`, { answers }), form);
    onChange();
  } catch (problem) {
    $("quiz-error").textContent = problem.message;
  }
}

function explain(result, form) {
  for (const one of result.results ?? []) {
    const place = form.querySelector(`#q-${CSS.escape(one.question_id)}`);
    place.disabled = true;
    place.append(h("div", { class: "verdict" }, h("b", { lang: language }, t(one.right ? "right" : "notRight")), rendered(one.explanation ?? "")));
  }
  form.querySelector("button").remove();
  $("quiz-error").textContent = "";
  form.append(h("p", { role: "status", tabindex: "-1", id: "quiz-score" },
    h("b", {}, t("quizScore", { n: result.right, total: result.questions, score: Math.round(result.score) })), " ", t("quizBest", { best: Math.round(result.best_score ?? result.score) })));
  $("quiz-score").focus();
}
