// The page: who is here, which view is shown, and what the socket brings.
import * as api from "./api.js";
import { $, drafts, show } from "./dom.js";
import * as door from "./door.js";
import * as editor from "./editor.js";
import * as letters from "./letters.js";
import * as language from "./language.js";
import { Live } from "./live.js";
import { t } from "./messages.js";
import * as notices from "./notices.js";
import * as progress from "./progress.js";
import * as teacher from "./teacher.js";
import * as tasks from "./tasks.js";
import * as tutor from "./tutor.js";

const WAS_HERE = "learnflow.was-here";
const PANES = ["task", "code", "output", "tutor"];
let user = null;
let live = null;

function view() {
  const name = location.hash.slice(1) || "code";
  const isLearn = user !== null && !["progress", "notices"].includes(name);
  show($("door"), user === null);
  show($("learn"), isLearn);
  show($("tabs"), isLearn);
  show($("progress-page"), user !== null && name === "progress");
  show($("notices-page"), user !== null && name === "notices");
  for (const id of ["nav", "account"]) show($(id), user !== null);
  show($("spacer"), user === null);
  show($("skip"), isLearn);
  document.body.classList.toggle("at-work", user !== null);
  mark($("nav-learn"), isLearn);
  mark($("nav-progress"), name === "progress");
  mark($("nav-notices"), name === "notices");
  if (user && name === "progress") progress.load();
  if (user && name === "notices") { notices.read(); teacher.load(); }
  if (user && !PANES.includes(name) && isLearn) location.replace("#code");
}

function mark(link, isHere) {
  if (isHere) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

async function entered(who) {
  await language.entered(who);
  user = who;
  drafts.set(WAS_HERE, "yes");
  $("initials").textContent = who.name.split(/\s+/).map((word) => word[0] ?? "").slice(0, 2).join("").toUpperCase();
  $("account-name").textContent = who.name;
  show($("keep-work"), who.state === "guest");
  drawAccount();
  notices.clear();
  notices.load();
  teacher.setUp(who.role);
  tutor.empty();
  editor.empty();
  tasks.load();
  live = new Live(who.id, frameCame);
  live.start();
  view();
}

function drawAccount() {
  $("account-summary").setAttribute("aria-label", t("account", { name: user.name }));
}

function left(sentence) {
  if (user === null) return;
  live?.stop();
  user = null;
  language.left();
  api.forget();
  show($("live"), false);
  view();
  door.say(sentence);
}

function frameCame(frame) {
  notices.add(frame);
  if (frame.type === "alert") teacher.load();
  if (!$("progress-page").hidden) progress.load();
}

// Another language was chosen: what was drawn in the old one is drawn anew; what is typed stays.
function redraw() {
  door.draw();
  editor.redraw();
  tutor.redraw();
  if (user === null) return;
  live?.say();
  drawAccount();
  notices.clear();
  notices.load();
  teacher.setUp(user.role);
  tasks.load();
  view();
}

async function begin() {
  await language.begin();
  const isLetter = letters.setUp();
  language.setUp(isLetter ? letters.redraw : redraw);
  if (isLetter) return;
  $("sign-out").addEventListener("click", async () => {
    await api.leave().catch(() => {});
    drafts.set(WAS_HERE, "");
    left("");
  });
  $("keep-work").addEventListener("click", () => {
    live?.stop();
    user = null;
    show($("live"), false);
    view();
    door.askToRegister();
  });
  addEventListener("hashchange", view);
  api.whenSignedOut(() => left(t("signedOutAway")));
  door.setUp(entered);
  editor.setUp(tasks.context, tutor.helpWithError);
  tutor.setUp(tasks.context, () => {});
  tasks.setUp(() => {});
  notices.setUp(tasks.go);
  try {
    if (drafts.get(WAS_HERE) && await api.refresh()) {
      await entered(await api.call("GET", "/me"));
      return;
    }
  } catch (problem) {
    door.say(problem.message);
  }
  view();
}

begin();
