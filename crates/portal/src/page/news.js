// Reads what there is on the portal, and keeps up with what happens.

import { ask, listen } from "./control.js";
import { app, attempt, change, chat, chatOf, isGroup, notify, openChat, people, user } from "./store.js";
import { t } from "./text.js";

const TYPING_FOR = 6000;

let reading = null;
let again = false;

/** Reads everything anew; several wishes at once become one. */
export function load() {
  again = true;
  reading ??= readWhileAsked();
  return reading;
}

async function readWhileAsked() {
  while (again) {
    again = false;
    await attempt(read);
  }
  reading = null;
}

async function read() {
  const portal = await ask("GET", "/state");
  change({ portal });
  if (!people().some((one) => one.id === app.me)) change({ me: people()[0].id });
  if (!exists(app.dialog)) change({ dialog: home() });
  await loadMessages();
  const last = app.portal.chats.map((one) => one.last_message).filter((id) => id && !app.messages.has(id));
  const messages = await Promise.all(last.map((id) => ask("GET", `/messages/${id}`).catch(() => undefined)));
  for (const message of messages) if (message) app.messages.set(message.id, message);
  change();
}

const exists = (dialog) =>
  isGroup(dialog) ? chatOf(dialog)?.members.includes(app.me) : Number(dialog) !== app.me && user(Number(dialog));

/** Where somebody is who is nowhere else. */
const home = () =>
  app.portal.chats.find((one) => !one.private && one.members.includes(app.me))?.dialog ??
  String(app.portal.users.find((one) => one.id !== app.me)?.id);

async function loadMessages() {
  if (!openChat()) return;
  const query = isGroup(app.dialog) ? "" : `?user=${app.me}`;
  const messages = await ask("GET", `/dialogs/${encodeURIComponent(app.dialog)}/messages${query}`);
  for (const message of messages) app.messages.set(message.id, message);
  change();
}

export function open(dialog) {
  if (!exists(dialog)) {
    notify(t("noSuchDialog", { dialog }));
    return;
  }
  localStorage.setItem("portal.dialog", dialog);
  change({ dialog, context: null, pane: "chat", error: "" });
  seen();
  attempt(loadMessages);
}

export function become(me) {
  localStorage.setItem("portal.me", String(me));
  change({ me, context: null });
  open(exists(app.dialog) ? app.dialog : home());
}

/** Whoever looks at a conversation has read it. */
function seen() {
  const id = openChat()?.id;
  if (id && document.visibilityState === "visible" && app.unread.delete(`${id} ${app.me}`)) change();
}

async function onMessage(message) {
  const fresh = !app.messages.has(message.id) && !message.edited && !message.deleted;
  app.messages.set(message.id, message);
  app.typing.delete(`${message.chat} ${message.author}`);
  // Of a chat that has just begun.
  if (!chat(message.chat)) await load();
  const where = chat(message.chat);
  if (fresh && where) {
    where.last_message = message.id;
    if (message.author === app.me && where === openChat()) change({ chosen: message.id });
    for (const member of where.members) {
      const key = `${where.id} ${member}`;
      if (member !== message.author && !user(member)?.bot) app.unread.set(key, (app.unread.get(key) || 0) + 1);
    }
    seen();
  }
  change();
}

function onTyping({ chat: id, user: person }) {
  app.typing.set(`${id} ${person}`, Date.now() + TYPING_FOR);
  change();
  setTimeout(change, TYPING_FOR + 50);
}

/** Others that want to know: the inspector and the faults, as events are delivered and requests answered. */
const watchers = new Set();

export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

function onNews(news) {
  if (news.kind === "message" && news.message) onMessage(news.message);
  else if (news.kind === "gone") {
    app.messages.delete(news.message);
    load();
  } else if (news.kind === "typing") onTyping(news);
  else if (news.kind === "delivery" && news.delivery) {
    app.deliveries.set(news.delivery.bot, news.delivery);
    change();
  } else if (news.kind === "reset") {
    for (const known of [app.messages, app.unread, app.deliveries, app.typing]) known.clear();
    change({ chosen: null, context: null });
    load();
  } else if (news.kind === "hello") {
    // Perhaps after a while without a connection, or of another portal at this address.
    app.messages.clear();
    load();
  } else if (news.kind === "state") load();
  for (const watcher of watchers) watcher(news);
}

export function follow() {
  listen(onNews, (link) => change({ link }));
  document.addEventListener("visibilitychange", seen);
}
