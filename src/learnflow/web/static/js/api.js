// Calls to the public API. The access token lives in memory alone; the refresh token in a cookie that no script can read.
import { problem } from "./messages.js";

const BASE = "/api/v1";
let token = "";
let onSignedOut = () => {};

export class Problem extends Error {
  constructor(status, detail, code, retryAfter) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export const access = () => token;
export function whenSignedOut(then) { onSignedOut = then; }
export function forget() { token = ""; }

export async function call(method, path, body, options = {}) {
  const answer = await send(method, path, body, options);
  return answer.status === 204 ? null : answer.json();
}

export async function send(method, path, body, options = {}) {
  let answer = await once(method, path, body, options);
  if (answer.status === 401 && !path.startsWith("/auth/") && token) {
    if (await refresh()) answer = await once(method, path, body, options);
    else onSignedOut();
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

async function once(method, path, body, { headers = {}, signal } = {}) {
  const all = { Accept: "application/json", ...headers };
  if (body !== undefined) all["Content-Type"] = "application/json";
  if (token) all.Authorization = `Bearer ${token}`;
  try {
    return await fetch(BASE + path, {
      method, headers: all, signal, credentials: "same-origin", cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, problem("no_answer"), "no_answer");
  }
}

async function problemOf(answer) {
  const retryAfter = Number(answer.headers.get("Retry-After")) || 0;
  try {
    const { code, detail } = await answer.json();
    // the same code as for a session that has ended, and here it is the password
    const name = answer.url.endsWith("/auth/login") && answer.status === 401 ? "wrong_password" : code;
    return new Problem(answer.status, problem(name, detail, retryAfter), code, retryAfter);
  } catch {
    return new Problem(answer.status, problem("unknown"), "unknown", retryAfter);
  }
}

// One tab at a time: the token of the cookie may be shown once only.
const alone = (work) => (navigator.locks ? navigator.locks.request("learnflow-refresh", work) : work());
let refreshing = null;

export function refresh() {
  refreshing ??= alone(async () => {
    const answer = await once("POST", "/auth/refresh", undefined, {});
    if (!answer.ok) {
      if (answer.status === 401) token = "";
      return answer.status === 401 ? false : Promise.reject(await problemOf(answer));
    }
    token = (await answer.json()).access_token;
    return true;
  }).finally(() => { refreshing = null; });
  return refreshing;
}

export async function enter(path, body) {
  const signedIn = await call("POST", path, body);
  // a child's account waits for a guardian: nobody is signed in yet
  if (!signedIn.access_token) throw new Problem(202, problem("awaits_consent", signedIn.detail), "awaits_consent");
  token = signedIn.access_token;
  return signedIn.user ?? call("GET", "/me");
}

export async function leave() {
  try { await call("POST", "/auth/logout"); } finally { token = ""; }
}

// Server-sent events by fetch: EventSource cannot carry a token.
export async function* events(path, after, signal) {
  const headers = { Accept: "text/event-stream", ...(after >= 0 ? { "Last-Event-ID": String(after) } : {}) };
  const answer = await send("GET", path, undefined, { headers, signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) return;
      const pieces = (rest + value).split("\n\n");
      rest = pieces.pop();
      yield* pieces.map(parsed).filter(Boolean);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function parsed(piece) {
  const fields = Object.fromEntries(piece.split("\n").filter((line) => !line.startsWith(":")).map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  }));
  return fields.data ? { name: fields.event, number: Number(fields.id), data: JSON.parse(fields.data) } : null;
}
