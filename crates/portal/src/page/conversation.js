// The open conversation: its head, its messages, and who is typing.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.js";
import { Icon } from "./icons.js";
import { Message } from "./message.js";
import { Avatar, GroupAvatar } from "./side.js";
import { app, bot, change, html, isGroup, keep, messagesOf, nameOf, openChat, user } from "./store.js";
import { day, lang, list, t } from "./text.js";

/** Messages drawn at first; more on demand. */
const SHOWN = 200;
/** Messages of one author within this many milliseconds share a head. */
const TOGETHER = 10 * 60 * 1000;

function toggleInspector() {
  keep("panel", app.panel === "inspector" ? "" : "inspector");
  const last = openChat() && messagesOf(openChat().id).at(-1);
  change({ pane: app.panel ? "panel" : "chat", chosen: app.chosen ?? last?.id ?? null });
}

function Head() {
  const chat = openChat();
  const partner = Number(app.dialog);
  const group = isGroup(app.dialog);
  const title = group ? chat?.title || app.dialog : nameOf(partner);
  const members = () => html`<button type="button" class="members" onClick=${() => change({ window: { kind: "members", chat: chat.id } })}>
    ${(chat?.members ?? []).map(nameOf).join(", ")}
  </button>`;
  useEffect(() => {
    document.title = `${title} · ${t("title")}`;
  });
  return html`<header class="top">
    <button type="button" class="icon phone" aria-label=${t("backToChats")} onClick=${() => change({ pane: "list" })}>
      <${Icon} name="back" />
    </button>
    ${group ? html`<${GroupAvatar} />` : html`<${Avatar} id=${partner} />`}
    <div class="top-text">
      <h1 id="title">${title}</h1>
      <p>${group ? members() : bot(partner) ? t("botHearsAll") : user(partner)?.position}</p>
    </div>
    ${group &&
    html`<button
      type="button"
      class="icon"
      aria-label=${t("addMembers")}
      title=${t("addMembers")}
      onClick=${() => change({ window: { kind: "members", chat: chat.id } })}
    >
      <${Icon} name="people" />
    </button>`}
    <button
      type="button"
      class="icon"
      aria-label=${t("inspector")}
      title=${t("inspector")}
      aria-pressed=${String(app.panel === "inspector")}
      onClick=${toggleInspector}
    >
      <${Icon} name="inspect" />
    </button>
  </header>`;
}

function Empty() {
  const partner = Number(app.dialog);
  const hint = isGroup(app.dialog) ? "emptyGroup" : bot(partner) ? "emptyBot" : "emptyPrivate";
  return html`<p class="empty"><b>${t("nothingYet")}</b>${t(hint)}</p>`;
}

function Typing() {
  const chat = openChat();
  const now = Date.now();
  const names = [...app.typing]
    .filter(([key, until]) => until > now && Number(key.split(" ")[0]) === chat?.id)
    .map(([key]) => Number(key.split(" ")[1]))
    .filter((id) => id !== app.me)
    .map(nameOf);
  return html`<p class="typing" role="status">
    ${names.length > 0 && html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${t("typing", { n: names.length, names: list(names) })}`}
  </p>`;
}

/** A message, drawn anew only when something in it is different: there are many, and every letter typed draws the page. */
function Row({ message, follows }) {
  const chosen = app.chosen === message.id && app.panel === "inspector";
  const replied = app.messages.get(message.reply_to);
  return useMemo(
    () => html`<${Message} message=${message} follows=${follows} chosen=${chosen} />`,
    [message, follows, chosen, replied, app.me, app.portal, lang],
  );
}

/** Rows of the log: messages, and a line wherever another day begins. */
function rows(messages) {
  const made = [];
  let before;
  for (const message of messages) {
    const today = new Date(message.date).toDateString();
    const newDay = today !== before?.today;
    if (newDay) made.push(html`<li key=${`day ${message.id}`} class="day"><span>${day(message.date)}</span></li>`);
    const follows =
      !newDay &&
      !before.message.system &&
      before.message.author === message.author &&
      new Date(message.date) - new Date(before.message.date) < TOGETHER;
    made.push(html`<${Row} key=${message.id} message=${message} follows=${follows} />`);
    before = { message, today };
  }
  return made;
}

function Log() {
  const chat = openChat();
  const messages = chat ? messagesOf(chat.id) : [];
  const log = useRef(null);
  const atEnd = useRef(true);
  const [shown, show] = useState(SHOWN);
  const last = messages.at(-1);
  const dialog = `${app.dialog} ${app.me}`;
  const before = useRef({});
  // Follows what is new, unless the reader has scrolled up to something older.
  useLayoutEffect(() => {
    const opened = before.current.dialog !== dialog;
    const written = before.current.last !== last?.id && last?.author === app.me;
    before.current = { dialog, last: last?.id };
    if (opened) show(SHOWN);
    if (opened || written || atEnd.current) log.current.scrollTop = log.current.scrollHeight;
  }, [dialog, last, messages.length]);
  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = log.current;
    atEnd.current = scrollHeight - scrollTop - clientHeight < 80;
  };
  const stay = () => {
    if (atEnd.current) log.current.scrollTop = log.current.scrollHeight;
  };
  useEffect(() => {
    const observer = new ResizeObserver(stay);
    observer.observe(log.current);
    return () => observer.disconnect();
  }, []);
  const moved = (event) => {
    if (!event.target.matches(".log, .message")) return;
    const all = [...log.current.querySelectorAll(".message")];
    const at = all.indexOf(event.target);
    const steps = { ArrowUp: at < 0 ? all.length - 1 : at - 1, ArrowDown: at < 0 ? all.length - 1 : at + 1, Home: 0, End: all.length - 1 };
    const next = all[steps[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  return html`<div
    class="log"
    role="log"
    aria-label=${t("messages")}
    tabindex="0"
    ref=${log}
    onScroll=${scrolled}
    onLoadCapture=${stay /* pictures come later than the messages they are in */}
    onKeyDown=${moved}
  >
    ${messages.length > shown && html`<button type="button" class="earlier" onClick=${() => show(shown + SHOWN)}>${t("earlier")}</button>`}
    ${messages.length === 0 && html`<${Empty} />`}
    <ol>
      ${rows(messages.slice(-shown))}
    </ol>
  </div>`;
}

export const Conversation = () => html`<${Head} /><${Log} /><${Typing} />`;
