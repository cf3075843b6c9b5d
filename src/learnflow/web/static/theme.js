"use strict";
// Before the first paint: the theme that was chosen, or the device's own.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => {
  try { return localStorage.getItem("theme") || "system"; } catch { return "system"; }
};
const apply = () => { root.dataset.theme = chosen() === "system" ? (dark.matches ? "dark" : "light") : chosen(); };
dark.addEventListener("change", apply);
apply();
addEventListener("change", (event) => {
  if (event.target.name !== "theme") return;
  try { localStorage.setItem("theme", event.target.value); } catch { /* the choice lasts as long as the page */ }
  if (event.target.value === "system") apply(); else root.dataset.theme = event.target.value;
});
addEventListener("DOMContentLoaded", () => {
  const radio = document.querySelector(`[name=theme][value="${chosen()}"]`);
  if (radio) radio.checked = true;
});
