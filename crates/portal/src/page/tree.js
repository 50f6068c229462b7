// JSON as a tree that opens and closes.

import { html } from "./store.js";
import { t } from "./text.js";

const scalar = (value) => value === null || typeof value !== "object";

function Leaf({ name, value }) {
  const kind = value === null ? "null" : typeof value;
  const shown = kind === "string" ? value || "\"\"" : String(value);
  return html`<div class="leaf"><span class="name">${name}</span> <span class=${`value ${kind}`}>${shown}</span></div>`;
}

/** Two levels are open at first, but for what is the same each time. */
const usual = (name, depth) => depth < 2 && name !== "time";

/** `open` says of a branch's name and depth whether it is open at first. */
export function Tree({ name, value, open = usual, depth = 0 }) {
  if (scalar(value)) return html`<${Leaf} name=${name} value=${value} />`;
  const entries = Object.entries(value);
  if (!entries.length) return html`<${Leaf} name=${name} value=${Array.isArray(value) ? "[]" : "{}"} />`;
  const inner = name === undefined ? depth : depth + 1;
  const children = entries.map(([key, one]) => html`<${Tree} key=${key} name=${key} value=${one} open=${open} depth=${inner} />`);
  if (name === undefined) return html`<div class="tree">${children}</div>`;
  return html`<details class="branch" open=${open(name, depth)}>
    <summary><span class="name">${name}</span> <span class="soft">${t("entries", { n: entries.length })}</span></summary>
    <div>${children}</div>
  </details>`;
}

/** A text as a tree if it is JSON, and as it is otherwise. */
export function Answer({ text }) {
  if (text === null || text === undefined) return html`<p class="soft">${t("noAnswer")}</p>`;
  if (text === "") return html`<p class="soft">${t("emptyAnswer")}</p>`;
  try {
    const value = JSON.parse(text);
    return scalar(value) ? html`<pre>${text}</pre>` : html`<${Tree} value=${value} />`;
  } catch {
    return html`<pre>${text}</pre>`;
  }
}
