// What the links of our e-mails open: set a new password, or answer for a child. Nobody is signed in here.
import { call } from "./api.js";
import { $, h, show } from "./dom.js";
import { oneOf, t } from "./messages.js";

const PAGES = { "/reset-password": resetPassword, "/consent": consent };
let token = "";

// True where the address is one of a letter's.
export function setUp() {
  if (!PAGES[location.pathname]) return false;
  document.querySelector(".word").setAttribute("href", "/");
  show($("letter"), true);
  show($("skip"), false);
  addEventListener("hashchange", read);
  read();
  return true;
}

// The token is a key: it leaves the address bar, and with it the history of a computer that others use too.
function read() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!found && token) return;
  token = found ?? "";
  history.replaceState(null, "", location.pathname);
  if (token) PAGES[location.pathname]();
  else draw(t("linkMissing"), [h("p", {}, t("linkMissingWhy")), toStart()]);
}

export function redraw() {
  if (token) PAGES[location.pathname]();
}

function draw(title, parts) {
  const heading = h("h1", { tabindex: "-1" }, title);
  $("letter").replaceChildren(heading, ...parts);
  document.title = `${title} - LearnFlow`;
  heading.focus();
}

const toStart = () => h("p", {}, h("a", { href: "/" }, t("toStart")));
const wrong = () => h("p", { class: "wrong-note", role: "alert" });

async function attempt(button, said, work) {
  button.disabled = true;
  said.textContent = "";
  try {
    await work();
  } catch (problem) {
    said.textContent = problem.message;
  } finally {
    button.disabled = false;
  }
}

function resetPassword() {
  const field = h("input", { class: "field", id: "new-password", type: "password", autocomplete: "new-password", maxlength: "128", "aria-describedby": "new-password-note" });
  const button = h("button", { class: "btn main" }, t("setPassword"));
  const said = wrong();
  const form = h("form", { class: "form", novalidate: true },
    h("div", {}, h("label", { for: "new-password" }, t("newPassword")), field, h("p", { class: "note", id: "new-password-note" }, t("passwordRule"))),
    said, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(button, said, async () => {
      await call("POST", "/auth/password/reset", { token, new_password: field.value });
      draw(t("passwordSet"), [h("p", {}, t("passwordSetWhy")), toStart()]);
    });
  });
  draw(t("setPassword"), [form]);
}

async function consent() {
  draw(t("consentLoading"), []);
  try {
    ask(await call("GET", `/consents/${encodeURIComponent(token)}`));
  } catch (problem) {
    draw(t("consentNot"), [h("p", { role: "alert" }, problem.message), toStart()]);
  }
}

function ask({ name, state, model }) {
  const box = h("input", { type: "checkbox", id: "model", checked: model });
  const yes = h("button", { class: "btn main", type: "button" }, oneOf("consentYes", state));
  const no = h("button", { class: "btn", type: "button" }, oneOf("consentNo", state));
  const said = wrong();
  const isFirst = state === "asked";
  yes.addEventListener("click", () => attempt(yes, said, async () => {
    done(name, await decide("give", !isFirst && box.checked));
  }));
  no.addEventListener("click", () => sure({ name, state, model }));
  draw(oneOf("consentTitle", state, { name }), [
    ...oneOf("consentText", state, { name }).split("\n").map((line) => h("p", {}, line)),
    isFirst ? "" : h("label", { class: "with-code", for: "model" }, box, h("span", {}, t("consentModel", { name }))),
    said, h("div", { class: "acts" }, yes, no),
  ]);
}

// Refusing erases: it takes a second click.
function sure(asked) {
  const erase = h("button", { class: "btn main", type: "button" }, t("erase"));
  const back = h("button", { class: "btn", type: "button", on: { click: () => ask(asked) } }, t("goBack"));
  const said = wrong();
  erase.addEventListener("click", () => attempt(erase, said, async () => done(asked.name, await decide("refuse", false))));
  draw(t("sureTitle", { name: asked.name }), [h("p", {}, t("sureText", { name: asked.name })), said, h("div", { class: "acts" }, erase, back)]);
}

const decide = (decision, model) => call("POST", `/consents/${encodeURIComponent(token)}`, { decision, model });

function done(name, { state, model }) {
  const after = state === "given" ? [t(model ? "modelMaySee" : "modelMayNotSee"), t("keepLetter")] : [];
  const lines = [oneOf("consentDone", state, { name }), ...after];
  draw(oneOf("consentDoneTitle", state, { name }), lines.map((line) => h("p", {}, line)));
}
