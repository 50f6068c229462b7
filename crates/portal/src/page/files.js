// Files: those in a message, and those that wait to be sent.

import { picture } from "./bbcode.js";
import { ask } from "./control.js";
import { Icon } from "./icons.js";
import { app, change, html } from "./store.js";
import { size, t } from "./text.js";

function File({ file }) {
  const href = picture(file.url);
  if ((file.image || file.kind === "image") && href)
    return html`<a class="image" href=${href} target="_blank" rel="noopener"><img class="picture" src=${href} alt=${file.name} loading="lazy" /></a>`;
  if (file.kind === "video" && href) return html`<video class="picture" src=${href} controls preload="metadata"></video>`;
  if (file.kind === "audio" && href) return html`<audio src=${href} controls preload="metadata"></audio>`;
  return html`<a class="file" href=${href} download=${file.name}>
    <${Icon} name="file" /><span class="file-name">${file.name}</span><small>${size(file.size)}</small>
  </a>`;
}

export const Files = ({ files }) =>
  files.length > 0 && html`<div class="files">${files.map((file) => html`<${File} key=${file.id} file=${file} />`)}</div>`;

/** Files chosen and not sent yet, by dialog. */
const waiting = new Map();

export const waitingHere = () => waiting.get(app.dialog) ?? [];

export function addFiles(files) {
  waiting.set(app.dialog, [...waitingHere(), ...files]);
  change();
}

const drop = (file) => {
  waiting.set(
    app.dialog,
    waitingHere().filter((one) => one !== file),
  );
  change();
};

/** Sends what waits, one message each; the text goes with the first. */
export async function sendFiles(text) {
  const dialog = app.dialog;
  for (const file of waitingHere()) {
    const form = new FormData();
    form.set("dialog", dialog);
    form.set("user", String(app.me));
    form.set("name", file.name);
    if (text) form.set("text", text);
    form.set("file", file, file.name);
    await ask("POST", "/files", form);
    text = "";
    waiting.set(
      dialog,
      (waiting.get(dialog) ?? []).filter((one) => one !== file),
    );
  }
  change();
}

export const Waiting = () =>
  waitingHere().length > 0 &&
  html`<ul class="waiting" aria-label=${t("filesToSend")}>
    ${waitingHere().map(
      (file, index) => html`<li key=${index}>
        <${Icon} name="file" /><span class="file-name">${file.name}</span><small>${size(file.size)}</small>
        <button type="button" class="icon" aria-label=${t("removeFile", { name: file.name })} onClick=${() => drop(file)}>
          <${Icon} name="close" />
        </button>
      </li>`,
    )}
  </ul>`;
