// What the page knows and looks at. Parts of the page read `app` when they are drawn; `change` has them drawn again.

import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

/** Elements as they are written in HTML. Whatever is put into them becomes text, never markup. */
export const html = htm.bind(h);

export const app = {
  /** As GET /control/state gives it. */
  portal: { users: [], chats: [], bots: [], portals: [], url: "" },
  me: Number(localStorage.getItem("portal.me")) || 27,
  /** As `me` names it: `chat1`, or the other one's id. */
  dialog: localStorage.getItem("portal.dialog") || "chat1",
  /** Every message known, by id. */
  messages: new Map(),
  /** `chat person` → number of messages. */
  unread: new Map(),
  /** Bot id → its last delivery. */
  deliveries: new Map(),
  /** `chat person` → until when they are typing. */
  typing: new Map(),
  /** Dialog → what is written and not sent. */
  drafts: new Map(),
  /** `connecting`, `live` or `lost` */
  link: "connecting",
  /** What is beside the conversation: `inspector`, `applications`, `faults` or nothing. */
  panel: localStorage.getItem("portal.panel") || "",
  /** On a phone: `list`, `chat` or `panel`. */
  pane: "chat",
  /** The message that is inspected. */
  chosen: null,
  /** What the message box replies to or edits: `{ kind, message }`. */
  context: null,
  /** The dialog window that is open: `{ kind, … }`. */
  window: null,
  /** The menu that is open: `{ items, at, back }`. */
  menu: null,
  error: "",
  notice: "",
};

let draw = () => {};
let drawn = true;

/** Says who draws the page. */
export const onChange = (drawing) => {
  draw = drawing;
};

export function change(news = {}) {
  Object.assign(app, news);
  if (!drawn) return;
  drawn = false;
  queueMicrotask(() => {
    drawn = true;
    draw();
  });
}

/** Keeps a choice beyond this visit. */
export function keep(name, value) {
  localStorage.setItem(`portal.${name}`, String(value));
  change({ [name]: value });
}

/** Whether there is room for one pane only. */
export const phone = matchMedia("(max-width: 760px)");

export const user = (id) => app.portal.users.find((one) => one.id === id);
export const bot = (id) => app.portal.bots.find((one) => one.id === id);
export const people = () => app.portal.users.filter((one) => !one.bot);
export const nameOf = (id) => user(id)?.name || `#${id}`;
export const chat = (id) => app.portal.chats.find((one) => one.id === id);

export const isGroup = (dialog) => dialog.startsWith("chat");

export const privateChat = (partner) =>
  app.portal.chats.find((one) => one.private && one.members.includes(app.me) && one.members.includes(partner));

/** The chat behind a dialog, as `me` names it; a private one may not exist yet. */
export const chatOf = (dialog) =>
  isGroup(dialog) ? app.portal.chats.find((one) => one.dialog === dialog) : privateChat(Number(dialog));

export const openChat = () => chatOf(app.dialog);

/** The other members of the open conversation, bots first. */
export function others() {
  const ids = openChat()?.members ?? [Number(app.dialog)];
  return ids
    .filter((id) => id !== app.me && user(id) && !user(id).gone)
    .sort((a, b) => Number(user(b).bot) - Number(user(a).bot) || a - b);
}

/** Messages of a chat, oldest first. */
export const messagesOf = (id) =>
  [...app.messages.values()].filter((message) => message.chat === id).sort((a, b) => a.id - b.id);

export const unreadIn = (id) => app.unread.get(`${id} ${app.me}`) || 0;

/** Runs `work`; if it fails, says why and gives nothing. */
export async function attempt(work) {
  if (app.error) change({ error: "" });
  try {
    return await work();
  } catch (error) {
    change({ error: error.message });
    return undefined;
  }
}

let notices = 0;

/** Says something in passing, to screen readers too. */
export function notify(notice) {
  change({ notice });
  const turn = ++notices;
  setTimeout(() => {
    if (turn === notices) change({ notice: "" });
  }, 2500);
}
