// The socket: one that comes back by itself, with the number of the last frame, so that nothing is lost or doubled.
import { access, refresh } from "./api.js";
import { $, drafts } from "./dom.js";
import { oneOf } from "./messages.js";

const LONGEST_WAIT_MS = 15000;
const PING_EVERY_MS = 20000;
const NOT_SIGNED_IN = 4401;
const NOT_YOURS = 4403;

export class Live {
  constructor(userId, onFrame) {
    this.userId = userId;
    this.onFrame = onFrame;
    this.key = `learnflow.seen.${userId}`;
    this.tries = 0;
    this.stopped = false;
    addEventListener("online", () => this.now());
    // a socket without a network is silent, not closed: it is given up at once, and made anew afterwards
    addEventListener("offline", () => { this.say("offline"); this.socket?.close(4000, "offline"); });
  }

  start() {
    if (this.stopped) return;
    this.say(navigator.onLine ? "reconnecting" : "offline");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/chat/${this.userId}`);
    this.socket = socket;
    const seen = drafts.get(this.key);
    socket.onopen = () => socket.send(JSON.stringify(
      { type: "auth", token: access(), ...(seen ? { last_event_id: Number(seen) } : {}) },
    ));
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = (event) => this.again(event.code);
  }

  receive(frame) {
    if (frame.type === "ready") {
      this.tries = 0;
      this.say("live");
      this.seen(frame.data.last_event_id);
      this.beat();
    } else if (frame.type === "pong") {
      this.answered = true;
    } else if (frame.id === null || frame.id > this.last) {
      if (frame.id !== null) this.seen(frame.id);
      this.onFrame(frame);
    }
  }

  seen(number) {
    this.last = number;
    drafts.set(this.key, String(number));
  }

  beat() {
    clearInterval(this.beating);
    this.answered = true;
    this.beating = setInterval(() => {
      if (!this.answered) { this.socket.close(4000, "silent"); return; }
      this.answered = false;
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "ping", id: "beat" }));
    }, PING_EVERY_MS);
  }

  async again(code) {
    clearInterval(this.beating);
    if (this.stopped || code === NOT_YOURS) return;
    this.say(navigator.onLine ? "reconnecting" : "offline");
    if (code === NOT_SIGNED_IN) {
      const isIn = await refresh().catch(() => true);
      if (!isIn) { this.say("offline"); return; }
    }
    const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.tries) * (0.5 + Math.random() / 2);
    this.tries += 1;
    this.timer = setTimeout(() => this.start(), wait);
  }

  now() {
    if (this.stopped || this.socket?.readyState === WebSocket.OPEN) return;
    clearTimeout(this.timer);
    this.start();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    clearInterval(this.beating);
    this.socket?.close(1000);
  }

  say(state = this.state) {
    this.state = state;
    const sign = $("live");
    sign.hidden = false;
    sign.textContent = oneOf("connection", state);
    sign.classList.toggle("off", state !== "live");
    sign.dataset.state = state;
  }
}
