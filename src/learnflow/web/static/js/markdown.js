// The little Markdown of the tutor's answers, as elements: paragraphs, headings, lists, tables, code. No links, no pictures, no HTML.
import { h } from "./dom.js";
import { t } from "./messages.js";

const FENCE = /^(`{3,})([\w-]*)\s*$/;
const ITEM = /^\s*(?:[-*]|(\d+)[.)])\s+(.*)$/;
const HEADING = /^#{1,6}\s+(.*)$/;
const TABLE = /^\s*\|.*\|\s*$/;

export function rendered(text) {
  const lines = String(text).split("\n");
  const root = h("div", { class: "rich" });
  let at = 0;
  while (at < lines.length) {
    const [element, next] = block(lines, at);
    if (element) root.append(element);
    at = next;
  }
  return root;
}

// One phrase, for where a paragraph would be too much: a label, a list item, a legend.
export function phrase(text) {
  return inline(String(text));
}

function block(lines, at) {
  const line = lines[at];
  const fence = FENCE.exec(line);
  if (fence) return codeBlock(lines, at, fence[1]);
  if (line.trim() === "") return [null, at + 1];
  const heading = HEADING.exec(line);
  if (heading) return [h("h3", {}, ...inline(heading[1])), at + 1];
  if (ITEM.test(line)) return list(lines, at);
  if (TABLE.test(line)) return table(lines, at);
  return paragraph(lines, at);
}

function codeBlock(lines, at, fence) {
  const code = [];
  let end = at + 1;
  while (end < lines.length && !(lines[end].startsWith(fence) && lines[end].trim() === fence)) code.push(lines[end++]);
  return [quoted(code.join("\n")), end + 1];
}

export function quoted(code) {
  const lines = code.replace(/\n$/, "").split("\n").map((line) => h("span", { class: "l" }, line));
  return h("pre", { class: "code quote", tabindex: "0", role: "region", "aria-label": t("codeBlock") }, ...lines);
}

function list(lines, at) {
  const ordered = ITEM.exec(lines[at])[1] !== undefined;
  const items = [];
  let end = at;
  while (end < lines.length && lines[end].trim() !== "") {
    const item = ITEM.exec(lines[end]);
    if (item) items.push([item[2]]);
    else if (FENCE.test(lines[end])) break;
    else items.at(-1).push(lines[end].trim());
    end += 1;
  }
  return [h(ordered ? "ol" : "ul", {}, ...items.map((words) => h("li", {}, ...inline(words.join(" "))))), end];
}

function table(lines, at) {
  const rows = [];
  let end = at;
  while (end < lines.length && TABLE.test(lines[end])) rows.push(cells(lines[end++]));
  const hasHead = rows.length > 1 && rows[1].every((cell) => /^:?-{3,}:?$/.test(cell));
  const head = hasHead ? [rows[0]] : [];
  const body = hasHead ? rows.slice(2) : rows;
  const row = (tag) => (words) => h("tr", {}, ...words.map((cell) => h(tag, {}, ...inline(cell))));
  return [h("table", {}, h("thead", {}, ...head.map(row("th"))), h("tbody", {}, ...body.map(row("td")))), end];
}

function cells(line) {
  const inner = line.trim().slice(1, -1);
  return inner.split(/(?<!\\)\|/).map((cell) => cell.replaceAll("\\|", "|").trim());
}

function paragraph(lines, at) {
  const words = [];
  let end = at;
  while (end < lines.length && lines[end].trim() !== "" && (end === at || !starts(lines[end]))) words.push(lines[end++]);
  return [h("p", {}, ...inline(words.join("\n"))), end];
}

const starts = (line) => FENCE.test(line) || HEADING.test(line) || ITEM.test(line) || TABLE.test(line);

function inline(text) {
  const parts = [];
  let plain = "";
  const flush = () => { if (plain) parts.push(plain); plain = ""; };
  for (let at = 0; at < text.length;) {
    const found = code(text, at) ?? marked(text, at, "**", "strong") ?? marked(text, at, "*", "em");
    if (found) {
      flush();
      parts.push(found.element);
      at = found.end;
    } else {
      const run = /^`+/.exec(text.slice(at));
      if (text[at] === "\\" && /[\\`*_|[\]#]/.test(text[at + 1] ?? "")) at += 1;
      plain += run ? run[0] : text[at];
      at += run ? run[0].length : 1;
    }
  }
  flush();
  return parts;
}

function code(text, at) {
  const ticks = /^`+/.exec(text.slice(at))?.[0];
  if (!ticks) return null;
  for (let end = text.indexOf(ticks, at + ticks.length); end >= 0; end = text.indexOf(ticks, end)) {
    const run = /^`+/.exec(text.slice(end))[0];
    if (run.length === ticks.length) {
      const inside = text.slice(at + ticks.length, end).replaceAll("\n", " ");
      const trimmed = /^ .*\S.* $/.test(inside) ? inside.slice(1, -1) : inside;
      return { element: h("code", {}, trimmed), end: end + ticks.length };
    }
    end += run.length;
  }
  return null;
}

function marked(text, at, mark, tag) {
  if (!text.startsWith(mark, at) || /\s|\*/.test(text[at + mark.length] ?? " ")) return null;
  const end = text.indexOf(mark, at + mark.length + 1);
  if (end < 0 || /\s/.test(text[end - 1])) return null;
  return { element: h(tag, {}, ...inline(text.slice(at + mark.length, end))), end: end + mark.length };
}
