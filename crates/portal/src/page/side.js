// The side: who one is, and the conversations there are.

import { dropContext } from "./box.js";
import { drawConversation } from "./conversation.js";
import { ask, attempt, avatar, button, byId, element, openChat, privateChat, view } from "./view.js";

/** Answers to an older question than the last one are thrown away. */
let loads = 0;

export function drawSide() {
  const people = view.state.users.filter((one) => !one.bot);
  byId("people").replaceChildren(
    ...people.map((one) => {
      const made = button("person", "", "", () => become(one.id));
      made.setAttribute("aria-pressed", String(one.id === view.me));
      made.title = `${one.name}, ${one.position} (user ${one.id})`;
      made.append(avatar(one.id), element("span", "", one.name.split(" ")[0]));
      return made;
    }),
  );
  const groups = view.state.chats.filter((chat) => !chat.private && chat.members.includes(view.me));
  byId("chats").replaceChildren(
    ...groups.map((chat) => {
      const picture = element("span", "avatar small group", "#");
      picture.setAttribute("aria-hidden", "true");
      return entry(chat.dialog, picture, chat.title, `${chat.dialog} · ${chat.members.length} members`, "", chat.id);
    }),
  );
  byId("bots").replaceChildren(
    ...view.state.bots.map((one) => {
      const delivered = view.deliveries.get(one.id);
      const [note, tone] = delivered ? describeDelivery(delivered) : [`${one.type} · ${one.api} · ${one.mode}`, ""];
      const made = entry(String(one.id), avatar(one.id, true), one.name, note, tone, privateChat(one.id)?.id);
      made.title = `${one.name} (bot ${one.id}, code ${one.code}, type ${one.type}, ${one.api})`;
      return made;
    }),
  );
  byId("no-bots").hidden = view.state.bots.length > 0;
  byId("copy-webhook").textContent = `${location.origin}/rest/1/local/`;
  byId("colleagues").replaceChildren(
    ...people
      .filter((one) => one.id !== view.me)
      .map((one) => entry(String(one.id), avatar(one.id, true), one.name, one.position, "", privateChat(one.id)?.id)),
  );
}

function entry(target, picture, name, note, tone, chat) {
  const made = button("dialog", "", "", () => open(target));
  made.setAttribute("aria-current", String(target === view.dialog));
  made.append(
    picture,
    element("span", "dialog-text", element("span", "dialog-name", name), element("span", `dialog-note ${tone}`, note)),
  );
  const count = view.unread.get(chat);
  if (count) {
    const badge = element("span", "badge", String(count));
    badge.setAttribute("aria-label", `${count} unread`);
    made.append(badge);
  }
  return element("li", "", made);
}

function describeDelivery(delivered) {
  const event = delivered.event.replace(/^ONIM(BOT)?(V2)?/, "").toLowerCase();
  if (delivered.status === null) return [`${event}: ${delivered.error}`, "bad"];
  const fine = delivered.status >= 200 && delivered.status < 300;
  return [`${event}: ${delivered.status} in ${delivered.milliseconds} ms`, fine ? "good" : "bad"];
}

/** Reads everything anew. */
export async function load() {
  const turn = ++loads;
  const fresh = await attempt(() => ask("GET", "/state"));
  if (!fresh || turn !== loads) return;
  view.state = fresh;
  if (!view.state.users.some((one) => one.id === view.me && !one.bot)) view.me = view.state.users[0].id;
  const known = view.dialog.startsWith("chat")
    ? openChat()?.members.includes(view.me)
    : Number(view.dialog) !== view.me && view.state.users.some((one) => String(one.id) === view.dialog);
  if (!known) view.dialog = "chat1";
  drawSide();
  await loadMessages(turn);
}

async function loadMessages(turn) {
  const path = `/dialogs/${encodeURIComponent(view.dialog)}/messages${view.dialog.startsWith("chat") ? "" : `?user=${view.me}`}`;
  const list = openChat() ? await attempt(() => ask("GET", path)) : [];
  if (!list || turn !== loads) return;
  view.messages = new Map(list.map((message) => [message.id, message]));
  drawConversation();
}

function open(next) {
  view.dialog = next;
  localStorage.setItem("portal.dialog", view.dialog);
  dropContext();
  const chat = openChat();
  if (chat) view.unread.delete(chat.id);
  showMenu(false);
  drawSide();
  loadMessages(++loads);
  byId("input").focus();
}

function become(id) {
  view.me = id;
  localStorage.setItem("portal.me", String(view.me));
  view.unread.clear();
  if (view.dialog === String(view.me) || (view.dialog.startsWith("chat") && !openChat()?.members.includes(view.me))) view.dialog = "chat1";
  drawSide();
  loadMessages(++loads);
}

/** On small screens the side lies over the conversation. */
export function showMenu(show) {
  document.body.classList.toggle("open", show);
  byId("menu").setAttribute("aria-expanded", String(show));
  byId("veil").hidden = !show;
}
