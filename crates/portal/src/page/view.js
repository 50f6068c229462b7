// What the page knows and looks at, and small helpers that every part of it uses.
// Text from messages only ever becomes text nodes; the only server spoken to is /control.

export const view = {
  state: { users: [], chats: [], bots: [], url: "" },
  me: Number(localStorage.getItem("portal.me")) || 27,
  /** As `me` names it: `chat1`, or the other one's id. */
  dialog: localStorage.getItem("portal.dialog") || "chat1",
  /** Of the open dialog, by id. */
  messages: new Map(),
  /** Chat id → number of messages. */
  unread: new Map(),
  /** Bot id → its last delivery. */
  deliveries: new Map(),
  typing: new Map(),
};

export const byId = (id) => document.getElementById(id);

export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function button(className, label, text, act) {
  const made = element("button", className, text);
  made.type = "button";
  if (label) {
    made.setAttribute("aria-label", label);
    made.title = label;
  }
  made.addEventListener("click", act);
  return made;
}

export const user = (id) => view.state.users.find((one) => one.id === id);
export const bot = (id) => view.state.bots.find((one) => one.id === id);
export const nameOf = (id) => (id === 0 ? "Portal" : user(id)?.name || `#${id}`);

function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return (words.length > 1 ? words[0][0] + words[words.length - 1][0] : name.slice(0, 2)).toUpperCase();
}

export function avatar(id, small) {
  const person = user(id);
  const made = element("span", `avatar${small ? " small" : ""}${person?.bot ? " bot" : ""}`, initials(nameOf(id)));
  made.setAttribute("aria-hidden", "true");
  if (person) made.style.backgroundColor = person.color;
  return made;
}

export async function ask(method, path, body) {
  const response = await fetch(`/control${path}`, {
    method,
    headers: body ? { "content-type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error_description || `The portal answered ${response.status}`);
  return answer;
}

export async function attempt(work) {
  byId("error").textContent = "";
  try {
    return await work();
  } catch (error) {
    byId("error").textContent = error.message;
    return undefined;
  }
}

export const openChat = () => {
  if (view.dialog.startsWith("chat")) return view.state.chats.find((chat) => chat.dialog === view.dialog);
  const partner = Number(view.dialog);
  return privateChat(partner);
};

export const privateChat = (partner) =>
  view.state.chats.find((chat) => chat.private && chat.members.includes(view.me) && chat.members.includes(partner));

export const mentionable = () => {
  const chat = openChat();
  const ids = chat ? chat.members : [view.me, Number(view.dialog)];
  return ids.filter((id) => id !== view.me && user(id) && !user(id).gone).sort((a, b) => Number(user(b).bot) - Number(user(a).bot) || a - b);
};
