// Dialog windows: a new chat, a chat's members, an application, and the question before a reset.

import { useEffect, useRef, useState } from "./vendor/hooks.js";
import { Application } from "./application.js";
import { ask } from "./control.js";
import { Icon } from "./icons.js";
import { load, open } from "./news.js";
import { Avatar } from "./side.js";
import { app, attempt, change, chat, html, nameOf, people, user } from "./store.js";
import { t } from "./text.js";

const close = () => change({ window: null, error: "" });

function Frame({ title, children, onSubmit }) {
  const root = useRef(null);
  useEffect(() => root.current.showModal(), []);
  return html`<dialog
    class="window"
    aria-label=${title}
    ref=${root}
    onClose=${close}
    onClick=${(event) => event.target === root.current && root.current.close()}
  >
    <form
      onSubmit=${(event) => {
        event.preventDefault();
        onSubmit?.();
      }}
    >
      <header>
        <h2>${title}</h2>
        <button type="button" class="icon" aria-label=${t("close")} onClick=${() => root.current.close()}><${Icon} name="close" /></button>
      </header>
      ${children}
      <p class="error" role="alert">${app.error}</p>
    </form>
  </dialog>`;
}

const Who = ({ id }) => html`<${Avatar} id=${id} small /><span class="who-text"
    ><b>${nameOf(id)}</b><small>${user(id)?.bot ? t("bot") : user(id)?.position}</small></span
  >`;

/** Bots first as they are what one is here for. */
const everybody = () => [...app.portal.bots.map((one) => one.id), ...people().map((one) => one.id)];

function Found() {
  const [title, entitle] = useState("");
  const [line, makeLine] = useState(false);
  const [chosen, choose] = useState(new Set([app.me, ...app.portal.bots.map((one) => one.id)]));
  const toggle = (id) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  const submit = async () => {
    // In an open channel the first person is the client: whoever opens it here.
    const users = [...chosen].sort((a, b) => Number(b === app.me) - Number(a === app.me));
    const name = title.trim() || t("newChat");
    const made = await attempt(() => ask("POST", "/chats", { title: name, users, entity_type: line ? "LINES" : undefined }));
    if (!made) return;
    close();
    await load();
    open(made.dialog);
  };
  return html`<${Frame} title=${t("newChat")} onSubmit=${submit}>
    <label class="field">${t("chatTitle")}<input value=${title} maxlength="200" autofocus onInput=${(event) => entitle(event.currentTarget.value)} /></label>
    <fieldset>
      <legend>${t("whoIsIn")}</legend>
      ${everybody().map(
        (id) => html`<label key=${id} class="pick">
          <input type="checkbox" checked=${chosen.has(id)} disabled=${id === app.me} onChange=${() => toggle(id)} />
          <${Who} id=${id} />
        </label>`,
      )}
    </fieldset>
    <label class="pick"><input type="checkbox" checked=${line} onChange=${() => makeLine(!line)} /><span>${t("openChannel")}</span></label>
    <footer><button type="submit" class="primary">${t("create")}</button></footer>
  <//>`;
}

function Members({ id }) {
  const there = chat(id)?.members ?? [];
  const add = (one) => attempt(() => ask("POST", `/chats/${id}/members`, { user: one, by: app.me }));
  const remove = (one) => attempt(() => ask("DELETE", `/chats/${id}/members/${one}`));
  return html`<${Frame} title=${t("chatMembers", { title: chat(id)?.title })}>
    <ul class="picks">
      ${[...there, ...everybody().filter((one) => !there.includes(one))].map((one) => {
        const member = there.includes(one);
        return html`<li key=${one} class="pick">
          <${Who} id=${one} />
          <button type="button" class=${member ? "" : "primary"} aria-label=${`${t(member ? "remove" : "add")}: ${nameOf(one)}`} onClick=${() => (member ? remove : add)(one)}>
            ${t(member ? "remove" : "add")}
          </button>
        </li>`;
      })}
    </ul>
  <//>`;
}

function Reset() {
  const reset = async (all) => {
    const done = await attempt(() => ask("POST", "/reset", { all }));
    if (done) close();
  };
  return html`<${Frame} title=${t("reset")} onSubmit=${() => reset(false)}>
    <p>${t("resetExplained")}</p>
    <footer>
      <button type="button" onClick=${() => reset(true)}>${t("resetAll")}</button>
      <button type="submit" class="primary" autofocus>${t("reset")}</button>
    </footer>
  <//>`;
}

export function Windows() {
  switch (app.window?.kind) {
    case "found":
      return html`<${Found} />`;
    case "members":
      return html`<${Members} id=${app.window.chat} />`;
    case "application":
      return html`<${Application} id=${app.window.id} title=${app.window.title} />`;
    case "reset":
      return html`<${Reset} />`;
    default:
      return null;
  }
}
