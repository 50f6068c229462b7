"use strict";

// The page knows nothing but /control. Text from messages only ever becomes text nodes.

const byId = (id) => document.getElementById(id);
const REACTIONS = {
  like: "♥", fire: "🔥", redHeart: "❤️", laugh: "😆", faceWithTearsOfJoy: "😂", wonder: "😮", cry: "😢", angry: "😠",
  dislike: "👎", kiss: "😘", thinkingFace: "🤔", clappingHands: "👏", foldedHands: "🙏", okHand: "👌", partyingFace: "🥳",
  eyes: "👀", handshake: "🤝", hundredPoints: "💯", lightBulb: "💡", whiteHeavyCheckMark: "✅", crossMark: "❌",
  raisedHand: "✋", flexedBiceps: "💪", smilingFaceWithSunglasses: "😎", slightlySmilingFace: "🙂", winkingFace: "😉",
  questionMark: "❓", exclamationMark: "❗", bomb: "💣", poo: "💩", clownFace: "🤡", facepalm: "🤦", neutralFace: "😐",
};
const QUICK = ["fire", "laugh", "clappingHands", "wonder", "cry"];
const TYPING_FOR = 6000;

let state = { users: [], chats: [], bots: [], url: "" };
let me = Number(localStorage.getItem("portal.me")) || 27;
let dialog = localStorage.getItem("portal.dialog") || "chat1";
let messages = new Map();
let unread = new Map();
let deliveries = new Map();
let typing = new Map();
let context = null;
let suggestions = [];
let chosen = 0;
let loads = 0;

// --- small helpers ---

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function button(className, label, text, act) {
  const made = element("button", className, text);
  made.type = "button";
  if (label) {
    made.setAttribute("aria-label", label);
    made.title = label;
  }
  made.addEventListener("click", act);
  return made;
}

const user = (id) => state.users.find((one) => one.id === id);
const bot = (id) => state.bots.find((one) => one.id === id);
const nameOf = (id) => (id === 0 ? "Portal" : user(id)?.name || `#${id}`);

function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return (words.length > 1 ? words[0][0] + words[words.length - 1][0] : name.slice(0, 2)).toUpperCase();
}

function avatar(id, small) {
  const person = user(id);
  const made = element("span", `avatar${small ? " small" : ""}${person?.bot ? " bot" : ""}`, initials(nameOf(id)));
  made.setAttribute("aria-hidden", "true");
  if (person) made.style.backgroundColor = person.color;
  return made;
}

async function ask(method, path, body) {
  const response = await fetch(`/control${path}`, {
    method,
    headers: body ? { "content-type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error_description || `The portal answered ${response.status}`);
  return answer;
}

async function attempt(work) {
  byId("error").textContent = "";
  try {
    return await work();
  } catch (error) {
    byId("error").textContent = error.message;
    return undefined;
  }
}

// --- what is open ---

const openChat = () => {
  if (dialog.startsWith("chat")) return state.chats.find((chat) => chat.dialog === dialog);
  const partner = Number(dialog);
  return privateChat(partner);
};

const privateChat = (partner) =>
  state.chats.find((chat) => chat.private && chat.members.includes(me) && chat.members.includes(partner));

async function load() {
  const turn = ++loads;
  const fresh = await attempt(() => ask("GET", "/state"));
  if (!fresh || turn !== loads) return;
  state = fresh;
  if (!state.users.some((one) => one.id === me && !one.bot)) me = state.users[0].id;
  const known = dialog.startsWith("chat")
    ? openChat()?.members.includes(me)
    : Number(dialog) !== me && state.users.some((one) => String(one.id) === dialog);
  if (!known) dialog = "chat1";
  drawSide();
  await loadMessages(turn);
}

async function loadMessages(turn) {
  const path = `/dialogs/${encodeURIComponent(dialog)}/messages${dialog.startsWith("chat") ? "" : `?user=${me}`}`;
  const list = openChat() ? await attempt(() => ask("GET", path)) : [];
  if (!list || turn !== loads) return;
  messages = new Map(list.map((message) => [message.id, message]));
  drawConversation();
}

function open(next) {
  dialog = next;
  localStorage.setItem("portal.dialog", dialog);
  context = null;
  drawContext();
  const chat = openChat();
  if (chat) unread.delete(chat.id);
  document.body.classList.remove("open");
  byId("menu").setAttribute("aria-expanded", "false");
  byId("veil").hidden = true;
  drawSide();
  loadMessages(++loads);
  byId("input").focus();
}

function become(id) {
  me = id;
  localStorage.setItem("portal.me", String(me));
  unread.clear();
  if (dialog === String(me) || (dialog.startsWith("chat") && !openChat()?.members.includes(me))) dialog = "chat1";
  drawSide();
  loadMessages(++loads);
}

// --- side ---

function drawSide() {
  const people = state.users.filter((one) => !one.bot);
  byId("people").replaceChildren(
    ...people.map((one) => {
      const made = button("person", "", "", () => become(one.id));
      made.setAttribute("aria-pressed", String(one.id === me));
      made.title = `${one.name}, ${one.position} (user ${one.id})`;
      made.append(avatar(one.id), element("span", "", one.name.split(" ")[0]));
      return made;
    }),
  );
  const groups = state.chats.filter((chat) => !chat.private && chat.members.includes(me));
  byId("chats").replaceChildren(
    ...groups.map((chat) => {
      const picture = element("span", "avatar small group", "#");
      picture.setAttribute("aria-hidden", "true");
      return entry(chat.dialog, picture, chat.title, `${chat.dialog} · ${chat.members.length} members`, "", chat.id);
    }),
  );
  byId("bots").replaceChildren(
    ...state.bots.map((one) => {
      const delivered = deliveries.get(one.id);
      const [note, tone] = delivered ? describeDelivery(delivered) : [`${one.type} · ${one.api} · ${one.mode}`, ""];
      const made = entry(String(one.id), avatar(one.id, true), one.name, note, tone, privateChat(one.id)?.id);
      made.title = `${one.name} (bot ${one.id}, code ${one.code}, type ${one.type}, ${one.api})`;
      return made;
    }),
  );
  byId("no-bots").hidden = state.bots.length > 0;
  byId("copy-webhook").textContent = `${location.origin}/rest/1/local/`;
  byId("colleagues").replaceChildren(
    ...people
      .filter((one) => one.id !== me)
      .map((one) => entry(String(one.id), avatar(one.id, true), one.name, one.position, "", privateChat(one.id)?.id)),
  );
}

function entry(target, picture, name, note, tone, chat) {
  const made = button("dialog", "", "", () => open(target));
  made.setAttribute("aria-current", String(target === dialog));
  made.append(
    picture,
    element("span", "dialog-text", element("span", "dialog-name", name), element("span", `dialog-note ${tone}`, note)),
  );
  const count = unread.get(chat);
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

// --- conversation ---

function drawConversation() {
  const chat = openChat();
  const partner = Number(dialog);
  byId("title").textContent = dialog.startsWith("chat") ? chat?.title || dialog : nameOf(partner);
  byId("members").textContent = dialog.startsWith("chat")
    ? (chat?.members || []).map(nameOf).join(", ")
    : bot(partner)
      ? `Bot ${partner}, sees everything you write here`
      : user(partner)?.position || "";
  document.title = `${byId("title").textContent} · Local portal`;
  const log = byId("log");
  log.replaceChildren();
  for (const message of messages.values()) log.append(drawMessage(message));
  arrange();
  if (messages.size === 0) log.append(drawEmpty(partner));
  log.scrollTop = log.scrollHeight;
  drawTyping();
  const heard = dialog.startsWith("chat") && state.bots.some((one) => chat?.members.includes(one.id));
  byId("input").placeholder = `Write as ${nameOf(me)}${heard ? ", @ calls a bot" : ""}`;
}

function drawEmpty(partner) {
  const group = dialog.startsWith("chat");
  const hint = group
    ? "Write something. A bot of type “bot” hears you here when you mention it with @; supervisors hear everything."
    : bot(partner)
      ? "Say hello: in a private chat a bot hears everything."
      : "A private chat between people. Bots hear nothing of it.";
  return element("li", "empty", element("b", "", "Nothing here yet"), hint);
}

function drawMessage(message) {
  const made = element("li", message.system ? "note" : "message");
  made.dataset.id = message.id;
  made.dataset.author = message.author;
  if (message.system) {
    made.append(...bbcode(message.text));
    return made;
  }
  if (message.author === me) made.classList.add("own");
  if (message.deleted) made.classList.add("deleted");
  const who = element("div", "who", element("b", "", nameOf(message.author)));
  if (user(message.author)?.bot) who.append(element("span", "tag", "bot"));
  const time = element("time", "", new Date(message.date).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = message.date;
  time.title = `Message ${message.id}, ${new Date(message.date).toLocaleString()}`;
  who.append(time);
  const bubble = element("div", "bubble");
  if (message.reply_to) bubble.append(drawQuote(message.reply_to));
  bubble.append(...bbcode(message.text));
  if (message.edited && !message.deleted) bubble.append(element("span", "edited", "edited"));
  const marks = element("div", "marks");
  if (message.likes.length) marks.append(drawMark(message, "like", message.likes));
  for (const [code, users] of Object.entries(message.reactions)) marks.append(drawMark(message, code, users));
  made.append(avatar(message.author), element("div", "body", who, bubble, marks));
  if (!message.deleted) made.append(drawActs(message, made));
  return made;
}

function drawQuote(id) {
  const replied = messages.get(id);
  const quote = button("quote", "", "", () => {
    const target = byId("log").querySelector(`[data-id="${id}"]`);
    target?.scrollIntoView({ block: "center" });
    target?.classList.add("flash");
  });
  quote.append(element("b", "", replied ? nameOf(replied.author) : `Message ${id}`), replied ? ` ${plain(replied.text)}` : "");
  return quote;
}

function drawMark(message, code, users) {
  const names = users.map(nameOf).join(", ");
  const symbol = REACTIONS[code] || code;
  const made = button(`mark ${code === "like" ? "like" : ""}`, `${code}: ${names}`, "", () => mark(message, code));
  made.setAttribute("aria-pressed", String(users.includes(me)));
  made.append(element("span", "", symbol), element("b", "", String(users.length)), element("span", "names", names));
  return made;
}

function drawActs(message, row) {
  const choice = element(
    "span",
    "choice",
    ...QUICK.map((code) =>
      button("", code, REACTIONS[code], () => {
        row.classList.remove("choosing");
        mark(message, code);
      }),
    ),
  );
  const acts = element(
    "div",
    "acts",
    choice,
    message.likes.includes(me)
      ? button("heart", "Take the like back", "♥", () => mark(message, "like"))
      : button("heart", "Like", "♡", () => mark(message, "like")),
    button("", "React", "☺", () => row.classList.toggle("choosing")),
    button("", "Reply", "↩", () => setContext({ kind: "reply", message })),
  );
  acts.setAttribute("role", "group");
  acts.setAttribute("aria-label", `Message by ${nameOf(message.author)}`);
  if (message.author === me) {
    acts.append(
      button("", "Edit", "✎", () => {
        setContext({ kind: "edit", message });
        byId("input").value = toNames(message.text);
        grow();
      }),
      button("", "Delete", "🗑", () => attempt(() => ask("DELETE", `/messages/${message.id}`, { user: me }))),
    );
  }
  return acts;
}

const mark = (message, code) =>
  attempt(() =>
    code === "like"
      ? ask("POST", "/likes", { message: message.id, user: me, action: "auto" })
      : ask("POST", "/reactions", { message: message.id, user: me, reaction: code, action: "auto" }),
  );

/** Messages of one author in a row share their head. */
function arrange() {
  let before = null;
  for (const row of byId("log").querySelectorAll("li[data-id]")) {
    const follows = before && row.classList.contains("message") && before.dataset.author === row.dataset.author;
    row.classList.toggle("follows", Boolean(follows));
    before = row.classList.contains("message") ? row : null;
  }
}

function drawTyping() {
  const chat = openChat();
  const now = Date.now();
  const names = [...typing.values()].filter((one) => one.chat === chat?.id && one.until > now).map((one) => nameOf(one.user));
  byId("typing").textContent = names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing…` : "";
}

// --- BB code ---

const TAGS = { b: "b", i: "i", u: "u", s: "s", code: "code" };

/** The nodes of a text: b, i, u, s, code, url, USER and CHAT; whatever else is in brackets stays text. */
function bbcode(text) {
  const root = element("span");
  const stack = [{ name: "", node: root }];
  const pattern = /\[(\/?)(b|i|u|s|code|url|user|chat)(?:=([^\]]*))?\]|\[br\]/gi;
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    addText(stack[stack.length - 1].node, text.slice(at, found.index));
    at = found.index + found[0].length;
    const name = found[2]?.toLowerCase();
    if (!name) {
      stack[stack.length - 1].node.append("\n");
    } else if (found[1]) {
      const opened = stack.findLastIndex((one) => one.name === name);
      if (opened > 0) closeDown(stack, opened);
      else stack[stack.length - 1].node.append(found[0]);
    } else {
      const node = tagNode(name, found[3]);
      stack[stack.length - 1].node.append(node);
      stack.push({ name, node });
    }
  }
  addText(stack[stack.length - 1].node, text.slice(at));
  closeDown(stack, 1);
  return [...root.childNodes];
}

function closeDown(stack, level) {
  while (stack.length > level) {
    const { name, node } = stack.pop();
    if (name === "url" && !node.href) setLink(node, node.textContent);
    if (name === "user") node.prepend("@");
  }
}

function tagNode(name, value) {
  if (TAGS[name]) return element(TAGS[name]);
  if (name === "url") {
    const link = element("a");
    if (value) setLink(link, value);
    return link;
  }
  return element("span", name === "user" && parseInt(value, 10) === me ? "at me" : "at");
}

function setLink(link, address) {
  if (!/^https?:\/\//i.test(address.trim())) return;
  link.href = address.trim();
  link.target = "_blank";
  link.rel = "noopener noreferrer";
}

function addText(node, text) {
  let at = 0;
  for (const found of node.tagName === "A" ? [] : text.matchAll(/https?:\/\/[^\s<>"\[\]]+[^\s<>"\[\].,;:!?)]/g)) {
    node.append(text.slice(at, found.index));
    const link = element("a", "", found[0]);
    setLink(link, found[0]);
    node.append(link);
    at = found.index + found[0].length;
  }
  node.append(text.slice(at));
}

const plain = (text) => element("span", "", ...bbcode(text)).textContent;

// --- mentions and commands in the box ---

const mentionable = () => {
  const chat = openChat();
  const ids = chat ? chat.members : [me, Number(dialog)];
  return ids.filter((id) => id !== me && user(id) && !user(id).gone).sort((a, b) => Number(user(b).bot) - Number(user(a).bot) || a - b);
};

/** `@Name` → `[USER=7]Name[/USER]`, longest names first so that none is cut short. */
function toCodes(text) {
  const known = mentionable().map((id) => ({ id, name: nameOf(id) }));
  known.sort((a, b) => b.name.length - a.name.length);
  let rest = text;
  let done = "";
  while (rest) {
    const at = rest.indexOf("@");
    if (at < 0) break;
    const found = known.find((one) => rest.startsWith(one.name, at + 1));
    done += rest.slice(0, at) + (found ? `[USER=${found.id}]${found.name}[/USER]` : "@");
    rest = rest.slice(at + 1 + (found ? found.name.length : 0));
  }
  return done + rest;
}

const toNames = (text) => text.replace(/\[USER=\d+[^\]]*\](.*?)\[\/USER\]/g, "@$1");

function suggest() {
  const input = byId("input");
  const before = input.value.slice(0, input.selectionStart);
  const at = /(?:^|\s)@([^@\n]{0,40})$/.exec(before);
  const slash = /^\/(\S*)$/.exec(before);
  suggestions = [];
  if (at) {
    const typed = at[1].toLowerCase();
    suggestions = mentionable()
      .filter((id) => nameOf(id).toLowerCase().startsWith(typed) && nameOf(id).toLowerCase() !== typed.trimEnd())
      .map((id) => ({ id, label: nameOf(id), note: user(id).bot ? "bot" : "", length: at[1].length + 1, text: `@${nameOf(id)} ` }));
  } else if (slash) {
    suggestions = state.bots.flatMap((one) =>
      one.commands
        .filter((command) => command.name.startsWith(slash[1]) && command.name !== slash[1])
        .map((command) => ({
          id: one.id, label: `/${command.name}`, note: command.title, length: slash[0].length, text: `/${command.name} `,
        })),
    );
  }
  chosen = 0;
  drawSuggestions();
}

function drawSuggestions() {
  const list = byId("suggest");
  list.hidden = suggestions.length === 0;
  list.replaceChildren(
    ...suggestions.map((one, index) => {
      const made = element("li", "", avatar(one.id, true), one.label, element("small", "", one.note));
      made.id = `suggestion-${index}`;
      made.setAttribute("role", "option");
      made.setAttribute("aria-selected", String(index === chosen));
      made.addEventListener("mousedown", (event) => {
        event.preventDefault();
        take(one);
      });
      return made;
    }),
  );
  if (suggestions.length) byId("input").setAttribute("aria-activedescendant", `suggestion-${chosen}`);
  else byId("input").removeAttribute("aria-activedescendant");
}

function take(one) {
  const input = byId("input");
  const end = input.selectionStart;
  input.setRangeText(one.text, end - one.length, end, "end");
  suggestions = [];
  drawSuggestions();
  grow();
  input.focus();
}

// --- writing ---

function setContext(next) {
  context = next;
  drawContext();
  byId("input").focus();
}

function drawContext() {
  byId("context").hidden = !context;
  if (!context) return;
  const { kind, message } = context;
  const head = kind === "edit" ? "Editing: " : `Reply to ${nameOf(message.author)}: `;
  byId("context-text").textContent = head + plain(message.text);
}

function grow() {
  const input = byId("input");
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}

async function send() {
  const input = byId("input");
  const text = toCodes(input.value.trim());
  if (!text) return;
  const { kind, message } = context || {};
  const done = await attempt(() =>
    kind === "edit"
      ? ask("PATCH", `/messages/${message.id}`, { user: me, text })
      : ask("POST", "/messages", { dialog, user: me, text, reply_to: kind === "reply" ? message.id : undefined }),
  );
  if (!done) return;
  input.value = "";
  setContext(null);
  grow();
}

// --- news ---

function onMessage(message) {
  const chat = state.chats.find((one) => one.id === message.chat);
  for (const [key, one] of typing) if (one.user === message.author && one.chat === message.chat) typing.delete(key);
  if (!chat) {
    load();
    return;
  }
  if (chat.id !== openChat()?.id) {
    const fresh = message.author !== me && chat.members.includes(me) && !message.edited && !message.deleted && !message.likes.length && !Object.keys(message.reactions).length;
    if (fresh) {
      unread.set(chat.id, (unread.get(chat.id) || 0) + 1);
      drawSide();
    }
    return;
  }
  const log = byId("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const old = log.querySelector(`[data-id="${message.id}"]`);
  const known = messages.has(message.id);
  messages.set(message.id, message);
  const drawn = drawMessage(message);
  if (old) {
    const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    old.replaceWith(drawn);
    if (focused) [...drawn.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === focused)?.focus();
  } else {
    log.querySelector(".empty")?.remove();
    log.append(drawn);
  }
  arrange();
  if (atEnd || (!known && message.author === me)) log.scrollTop = log.scrollHeight;
  drawTyping();
}

function onNews(news) {
  if (news.kind === "message" && news.message) onMessage(news.message);
  else if (news.kind === "typing") {
    typing.set(`${news.chat} ${news.user}`, { chat: news.chat, user: news.user, until: Date.now() + TYPING_FOR });
    drawTyping();
    setTimeout(drawTyping, TYPING_FOR + 50);
  } else if (news.kind === "delivery" && news.delivery) {
    deliveries.set(news.delivery.bot, news.delivery);
    drawSide();
  } else if (news.kind === "hello" || news.kind === "state" || news.kind === "reset") {
    if (news.kind === "reset") {
      unread.clear();
      deliveries.clear();
      typing.clear();
    }
    load();
  }
}

function listen() {
  const link = byId("link");
  const source = new EventSource("/control/events");
  source.addEventListener("open", () => {
    link.className = "link live";
    link.textContent = "Live";
  });
  source.addEventListener("error", () => {
    link.className = "link lost";
    link.textContent = "Reconnecting…";
  });
  source.addEventListener("message", (event) => onNews(JSON.parse(event.data)));
}

// --- wiring ---

function toggleMenu(show) {
  document.body.classList.toggle("open", show);
  byId("menu").setAttribute("aria-expanded", String(show));
  byId("veil").hidden = !show;
}

byId("menu").addEventListener("click", () => toggleMenu(!document.body.classList.contains("open")));
byId("veil").addEventListener("click", () => toggleMenu(false));
byId("context-close").addEventListener("click", () => {
  if (context?.kind === "edit") byId("input").value = "";
  setContext(null);
  grow();
});
byId("mention").addEventListener("click", () => {
  const input = byId("input");
  const before = input.value.slice(0, input.selectionStart);
  if (!/@$/.test(before)) input.setRangeText(before && !/\s$/.test(before) ? " @" : "@", input.selectionStart, input.selectionEnd, "end");
  input.focus();
  suggest();
});
byId("copy-webhook").addEventListener("click", async (event) => {
  await navigator.clipboard?.writeText(event.target.textContent).catch(() => undefined);
});
byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
byId("input").addEventListener("input", () => {
  grow();
  suggest();
});
byId("input").addEventListener("blur", () => {
  suggestions = [];
  drawSuggestions();
});
byId("input").addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (suggestions.length) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : suggestions.length - 1)) % suggestions.length;
      drawSuggestions();
      return;
    }
    if (event.key === "Enter" || event.key === "Tab") {
      event.preventDefault();
      take(suggestions[chosen]);
      return;
    }
  }
  if (event.key === "Escape") {
    if (suggestions.length) {
      suggestions = [];
      drawSuggestions();
    } else if (context) byId("context-close").click();
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("open")) toggleMenu(false);
});

listen();
