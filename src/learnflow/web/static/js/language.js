// The choice of a language: on this device at the door, on the account for whoever is signed in.
import { call } from "./api.js";
import { $, drafts } from "./dom.js";
import { language, speak } from "./messages.js";

const KEY = "learnflow.language";
let isSignedIn = false;
let chosenAtTheDoor = false;
let redraw = () => {};

export const begin = () => speak(drafts.get(KEY), ...navigator.languages).then(mark);

export function setUp(draw) {
  redraw = draw;
  $("language").addEventListener("change", () => choose($("language").value));
}

// Whoever comes in reads in the language of their account, unless they have chosen another one at the door.
export async function entered(user) {
  isSignedIn = true;
  if (chosenAtTheDoor) await keep();
  else await change(user.language);
  chosenAtTheDoor = false;
}

export function left() { isSignedIn = false; }

async function choose(tag) {
  chosenAtTheDoor = !isSignedIn;
  try {
    if (isSignedIn) await keep(tag);
    await change(tag);
  } catch {
    // no network: the page goes on in the language that it has
    mark();
  }
}

// The account is told first: what is loaded anew comes in its language.
const keep = (tag = language) => call("PATCH", "/me", { language: tag }).catch(() => {});

async function change(tag) {
  const isOther = await speak(tag);
  drafts.set(KEY, language);
  mark();
  if (isOther) redraw();
}

function mark() { $("language").value = language; }
