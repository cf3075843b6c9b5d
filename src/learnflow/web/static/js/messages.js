// Every sentence that the page says, from `messages/<language>.json`: another language is another file with the same keys.
const root = document.documentElement;
const SOURCE = root.lang;
const offered = (root.dataset.languages ?? SOURCE).split(" ");
// what the tutor and the API's own sentences are written in, whatever the page speaks
export const TUTOR = SOURCE;
let messages = {};
let plurals = new Intl.PluralRules(SOURCE);
let numbers = new Intl.NumberFormat(SOURCE);

export let language = "";

// The first of these tags that there is a file for: `es-MX` reads `es`.
function best(tags) {
  for (const tag of tags) {
    const lower = tag.toLowerCase();
    const found = offered.find((one) => one === lower) ?? offered.find((one) => one === lower.split("-")[0]);
    if (found) return found;
  }
  return SOURCE;
}

// True when the page now speaks another language than before.
export async function speak(...tags) {
  const next = best(tags.filter(Boolean));
  if (next === language) return false;
  messages = await (await fetch(new URL(`../messages/${next}.json`, import.meta.url))).json();
  language = next;
  plurals = new Intl.PluralRules(next);
  numbers = new Intl.NumberFormat(next);
  root.lang = next;
  fill();
  return true;
}

// The sentence of a key; of several forms the one for `values.n`.
export function t(key, values = {}) {
  const found = key.split(".").reduce((part, name) => part[name], messages);
  const text = typeof found === "string" ? found : found[plurals.select(values.n)] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => shown(values[name]));
}

// One of a group by a name that comes from elsewhere; what the group does not have is shown as it came.
export function oneOf(group, name, values = {}, otherwise = name) {
  return Object.hasOwn(messages[group], name) ? t(`${group}.${name}`, values) : otherwise;
}

export const names = (group) => Object.keys(messages[group]);
export const number = (value) => new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value);
export const seconds = (ms) => new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(ms / 1000);
export const time = (when) => new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" }).format(new Date(when));
export const dayAndTime = (when) => new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", day: "numeric", month: "short" }).format(new Date(when));

// The API's own sentences are in one language; in every other one the stable code stands for the sentence.
export function problem(code, detail, retryAfter) {
  if (detail && language === TUTOR) return detail;
  return oneOf("problems", code, { n: retryAfter || 1 }, t("problems.unknown"));
}

function shown(value) {
  return typeof value === "number" ? numbers.format(value) : String(value);
}

const PLACES = [["data-t", (element, text) => { element.textContent = text; }],
  ["data-t-label", (element, text) => element.setAttribute("aria-label", text)],
  ["data-t-hint", (element, text) => element.setAttribute("placeholder", text)]];

function fill() {
  for (const [name, put] of PLACES) {
    for (const element of document.querySelectorAll(`[${name}]`)) put(element, t(element.getAttribute(name)));
  }
}
