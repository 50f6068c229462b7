// The box messages are written in: replies, edits, mentions, commands and files.

import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/hooks.js";
import { plain } from "./bbcode.js";
import { ask } from "./control.js";
import { addFiles, sendFiles, Waiting, waitingHere } from "./files.js";
import { Icon } from "./icons.js";
import { Avatar } from "./side.js";
import { app, attempt, change, html, isGroup, messagesOf, nameOf, openChat, others, phone, user } from "./store.js";
import { lang, t } from "./text.js";

/** How often others are told that somebody is typing. */
const TYPING_EVERY = 4000;

const box = () => document.getElementById("input");

/** Puts text into the box, at the caret. */
export function putIntoBox(text) {
  box().setRangeText(text, box().selectionStart, box().selectionEnd, "end");
  box().dispatchEvent(new InputEvent("input", { bubbles: true }));
  box().focus();
}

export const reply = (message) => change({ context: { kind: "reply", message } });
export const edit = (message) => change({ context: { kind: "edit", message } });

/** `@Name` → `[USER=7]Name[/USER]`, longest names first so that none is cut short. */
function toCodes(text) {
  const known = others().map((id) => ({ id, name: nameOf(id) }));
  known.sort((a, b) => b.name.length - a.name.length);
  return text.replace(/@([^@]*)/g, (whole, rest) => {
    const found = known.find((one) => rest.startsWith(one.name));
    return found ? `[USER=${found.id}]${found.name}[/USER]${rest.slice(found.name.length)}` : whole;
  });
}

const toNames = (text) => text.replace(/\[USER=\d+[^\]]*\](.*?)\[\/USER\]/gi, "@$1");

/** A title as it is, or in the language of the page if there are several. */
const inLanguage = (title) => (title && typeof title === "object" ? (title[lang] ?? title.en ?? Object.values(title)[0]) : title) ?? "";

/** What could be meant by what stands before the caret. */
function suggestions(before) {
  const at = /(?:^|\s)@([^@\n]{0,40})$/.exec(before);
  if (at) {
    const typed = at[1].toLocaleLowerCase();
    return others()
      .filter((id) => nameOf(id).toLocaleLowerCase().startsWith(typed) && nameOf(id).toLocaleLowerCase() !== typed.trimEnd())
      .map((id) => ({ id, label: nameOf(id), note: user(id).bot ? t("bot") : user(id).position, length: at[1].length + 1, text: `@${nameOf(id)} ` }));
  }
  const slash = /(?:^|\n)\/(\S*)$/.exec(before);
  if (!slash) return [];
  const members = others();
  return app.portal.bots
    .flatMap((one) => one.commands.map((command) => ({ one, command })))
    .filter(({ one, command }) => !command.hidden && (members.includes(one.id) || (command.common && isGroup(app.dialog))))
    .filter(({ command }) => command.name.startsWith(slash[1]) && command.name !== slash[1])
    .map(({ one, command }) => ({
      id: one.id,
      label: `/${command.name}`,
      params: inLanguage(command.params),
      note: inLanguage(command.title),
      length: slash[1].length + 1,
      text: `/${command.name} `,
    }));
}

function Suggestions({ found, chosen, take }) {
  return html`<ul id="suggest" class="suggest" role="listbox" aria-label=${t("suggestions")} hidden=${!found.length}>
    ${found.map(
      (one, index) => html`<li
        key=${one.label + one.id}
        id=${`suggestion-${index}`}
        role="option"
        aria-selected=${String(index === chosen)}
        onMouseDown=${(event) => {
          event.preventDefault();
          take(one);
        }}
      >
        <${Avatar} id=${one.id} small />
        <span><b>${one.label}</b> ${one.params && html`<i>${one.params}</i>`}</span>
        <small>${one.note}</small>
      </li>`,
    )}
  </ul>`;
}

function Context() {
  const { kind, message } = app.context;
  const head = kind === "edit" ? t("editing") : t("replyTo", { name: nameOf(message.author) });
  return html`<div class="context">
    <${Icon} name=${kind === "edit" ? "edit" : "reply"} />
    <span><b>${head}</b> ${plain(message.text)}</span>
    <button type="button" class="icon" aria-label=${t("cancel")} onClick=${() => change({ context: null })}><${Icon} name="close" /></button>
  </div>`;
}

let toldTyping = 0;

function tellTyping() {
  if (Date.now() - toldTyping < TYPING_EVERY) return;
  toldTyping = Date.now();
  // Of no consequence if it fails.
  ask("POST", "/typing", { dialog: app.dialog, user: app.me }).catch(() => {});
}

async function send(text) {
  const { kind, message } = app.context ?? {};
  const codes = toCodes(text.trim());
  if (kind === "edit") {
    if (codes) await ask("PATCH", `/messages/${message.id}`, { user: app.me, text: codes });
  } else if (waitingHere().length) await sendFiles(codes);
  else if (codes) await ask("POST", "/messages", { dialog: app.dialog, user: app.me, text: codes, reply_to: kind === "reply" ? message.id : undefined });
  else return false;
  toldTyping = 0;
  return true;
}

/** The text of the box, kept for each dialog; an edit has its own. */
function useText() {
  const key = app.context?.kind === "edit" ? `edit ${app.context.message.id}` : `${app.me} ${app.dialog}`;
  const text = app.drafts.get(key) ?? (app.context?.kind === "edit" ? toNames(app.context.message.text) : "");
  const set = (next) => {
    if (next === null) app.drafts.delete(key);
    else app.drafts.set(key, next);
    change();
  };
  return [text, set, key];
}

export function Composer() {
  const [text, set, key] = useText();
  const [before, look] = useState("");
  const [chosen, choose] = useState(0);
  const input = useRef(null);
  const files = useRef(null);
  const found = suggestions(before);

  useLayoutEffect(() => {
    input.current.style.height = "auto";
    input.current.style.height = `${input.current.scrollHeight}px`;
  }, [text, key]);
  useEffect(() => {
    look("");
    // Not on a phone, where it would bring up the keyboard.
    if (!phone.matches || app.context) input.current.focus();
    if (app.context?.kind === "edit") input.current.setSelectionRange(text.length, text.length);
  }, [key, app.context]);

  const lookAt = () => {
    look(input.current.value.slice(0, input.current.selectionStart));
    choose(0);
  };
  const typed = (event) => {
    set(event.currentTarget.value);
    lookAt();
    if (event.currentTarget.value) tellTyping();
  };
  const take = (one) => {
    const end = input.current.selectionStart;
    input.current.setRangeText(one.text, end - one.length, end, "end");
    set(input.current.value);
    look("");
    input.current.focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    const sent = await attempt(() => send(text));
    if (!sent) return;
    set(null);
    change({ context: null });
  };
  const keys = (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (found.length && step) choose((chosen + step + found.length) % found.length);
    else if (found.length && ["Enter", "Tab"].includes(event.key)) take(found[chosen]);
    else if (found.length && event.key === "Escape") look("");
    else if (event.key === "Escape" && app.context) {
      if (app.context.kind === "edit") set(null);
      change({ context: null });
    } else if (event.key === "ArrowUp" && !text && !app.context && openChat()) {
      const mine = messagesOf(openChat().id).findLast((one) => one.author === app.me && !one.deleted && !one.system);
      if (!mine) return;
      edit(mine);
    } else if (event.key === "Enter" && !event.shiftKey) submit(event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const paste = (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    addFiles(event.clipboardData.files);
  };
  const mention = () => putIntoBox(/(^|\s)$/.test(text.slice(0, input.current.selectionStart)) ? "@" : " @");
  const chosenId = found.length ? `suggestion-${chosen}` : undefined;

  return html`<form class="composer" autocomplete="off" onSubmit=${submit}>
    ${app.context && html`<${Context} />`}
    <${Waiting} />
    <${Suggestions} found=${found} chosen=${chosen} take=${take} />
    <div class="row">
      <button type="button" class="icon" aria-label=${t("attachFile")} title=${t("attachFile")} onClick=${() => files.current.click()}>
        <${Icon} name="clip" />
      </button>
      <input
        type="file"
        multiple
        hidden
        ref=${files}
        onChange=${(event) => {
          addFiles(event.currentTarget.files);
          event.currentTarget.value = "";
          input.current.focus();
        }}
      />
      <textarea
        id="input"
        rows="1"
        maxlength="20000"
        aria-label=${t("message")}
        aria-controls="suggest"
        aria-autocomplete="list"
        aria-activedescendant=${chosenId}
        placeholder=${t(isGroup(app.dialog) && !phone.matches ? "writeInGroup" : "write", { name: nameOf(app.me).split(" ")[0] })}
        value=${text}
        ref=${input}
        onInput=${typed}
        onKeyDown=${keys}
        onKeyUp=${(event) => event.key.startsWith("Arrow") && !found.length && lookAt()}
        onBlur=${() => look("")}
        onPaste=${paste}
      ></textarea>
      <button type="button" class="icon" aria-label=${t("mention")} title=${t("mention")} onClick=${mention}>@</button>
      <button type="submit" class="send" aria-label=${t("send")} title=${t("send")}><${Icon} name="send" /></button>
    </div>
    <p class="error" role="alert">${!app.window && app.error}</p>
  </form>`;
}
