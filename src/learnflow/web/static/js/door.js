// Sign in, make an account, or try it as a guest.
import { call, enter } from "./api.js";
import { $, show } from "./dom.js";
import { language, t } from "./messages.js";

let isNew = false;
let onEntered = () => {};
const timezone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function setUp(entered) {
  onEntered = entered;
  $("other-way").addEventListener("click", () => { isNew = !isNew; draw(); $(isNew ? "name" : "email").focus(); });
  $("under-13").addEventListener("change", drawChild);
  $("sign-in").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  $("guest").addEventListener("click", () => attempt($("guest"), () => enter("/auth/guest", { language, timezone: timezone() })));
  $("forgot").addEventListener("click", forgot);
  draw();
}

// A guest who makes an account keeps what they wrote.
export function askToRegister() {
  isNew = true;
  draw();
  $("name").focus();
}

export function say(sentence) {
  $("door-error").textContent = sentence;
  $("door-said").textContent = "";
}

async function forgot() {
  const email = $("email").value.trim();
  if (!email) { say(t("forgotNeedsEmail")); $("email").focus(); return; }
  $("forgot").disabled = true;
  say("");
  try {
    await call("POST", "/auth/password/reset", { email });
    $("door-said").textContent = `${t("letterSent")} ${t("noLetter")}`;
  } catch (problem) {
    say(problem.message);
  } finally {
    $("forgot").disabled = false;
  }
}

export function draw() {
  show($("name-row"), isNew);
  show($("child-row"), isNew);
  drawChild();
  show($("password-note"), isNew);
  show($("forgot-row"), !isNew);
  $("password-note").textContent = t("passwordRule");
  $("password").autocomplete = isNew ? "new-password" : "current-password";
  $("enter").textContent = isNew ? t("register") : t("signIn");
  $("other-question").textContent = isNew ? t("haveAccount") : t("newHere");
  $("other-way").textContent = isNew ? t("signIn") : t("register");
  say("");
}

function drawChild() {
  const isChild = isNew && $("under-13").checked;
  show($("guardian-row"), isChild);
  show($("class-row"), isNew && !isChild);
}

function submit() {
  const { email, password, name, class_code: code, guardian_email: guardian } = Object.fromEntries(new FormData($("sign-in")));
  if (!email.trim() || !password) { say(t("fillIn")); $(email.trim() ? "password" : "email").focus(); return; }
  const body = { email: email.trim(), password };
  if (isNew) Object.assign(body, { name: name.trim(), language, timezone: timezone() });
  if (isNew && $("under-13").checked) Object.assign(body, { under_13: true, guardian_email: guardian.trim() });
  else if (isNew && code.trim()) body.class_code = code.trim();
  attempt($("enter"), () => enter(isNew ? "/auth/register" : "/auth/login", body));
}

async function attempt(button, work) {
  button.disabled = true;
  say("");
  try {
    const user = await work();
    $("password").value = "";
    isNew = false;
    draw();
    await onEntered(user);
  } catch (problem) {
    say(problem.message);
  } finally {
    button.disabled = false;
  }
}
