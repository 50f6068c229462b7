// The open conversation.

import { bbcode, plain } from "./bbcode.js";
import { setContext, startEdit } from "./box.js";
import { ask, attempt, avatar, bot, button, byId, element, nameOf, openChat, user, view } from "./view.js";

const REACTIONS = {
  like: "♥", fire: "🔥", redHeart: "❤️", laugh: "😆", faceWithTearsOfJoy: "😂", wonder: "😮", cry: "😢", angry: "😠",
  dislike: "👎", kiss: "😘", thinkingFace: "🤔", clappingHands: "👏", foldedHands: "🙏", okHand: "👌", partyingFace: "🥳",
  eyes: "👀", handshake: "🤝", hundredPoints: "💯", lightBulb: "💡", whiteHeavyCheckMark: "✅", crossMark: "❌",
  raisedHand: "✋", flexedBiceps: "💪", smilingFaceWithSunglasses: "😎", slightlySmilingFace: "🙂", winkingFace: "😉",
  questionMark: "❓", exclamationMark: "❗", bomb: "💣", poo: "💩", clownFace: "🤡", facepalm: "🤦", neutralFace: "😐",
};
const QUICK = ["fire", "laugh", "clappingHands", "wonder", "cry"];

export function drawConversation() {
  const chat = openChat();
  const partner = Number(view.dialog);
  byId("title").textContent = view.dialog.startsWith("chat") ? chat?.title || view.dialog : nameOf(partner);
  byId("members").textContent = view.dialog.startsWith("chat")
    ? (chat?.members || []).map(nameOf).join(", ")
    : bot(partner)
      ? `Bot ${partner}, sees everything you write here`
      : user(partner)?.position || "";
  document.title = `${byId("title").textContent} · Local portal`;
  const log = byId("log");
  log.replaceChildren();
  for (const message of view.messages.values()) log.append(drawMessage(message));
  arrange();
  if (view.messages.size === 0) log.append(drawEmpty(partner));
  log.scrollTop = log.scrollHeight;
  drawTyping();
  const heard = view.dialog.startsWith("chat") && view.state.bots.some((one) => chat?.members.includes(one.id));
  byId("input").placeholder = `Write as ${nameOf(view.me)}${heard ? ", @ calls a bot" : ""}`;
}

function drawEmpty(partner) {
  const group = view.dialog.startsWith("chat");
  const hint = group
    ? "Write something. A bot of type “bot” hears you here when you mention it with @; supervisors hear everything."
    : bot(partner)
      ? "Say hello: in a private chat a bot hears everything."
      : "A private chat between people. Bots hear nothing of it.";
  return element("li", "empty", element("b", "", "Nothing here yet"), hint);
}

export function drawMessage(message) {
  const made = element("li", message.system ? "note" : "message");
  made.dataset.id = message.id;
  made.dataset.author = message.author;
  if (message.system) {
    made.append(...bbcode(message.text));
    return made;
  }
  if (message.author === view.me) made.classList.add("own");
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
  const replied = view.messages.get(id);
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
  made.setAttribute("aria-pressed", String(users.includes(view.me)));
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
    message.likes.includes(view.me)
      ? button("heart", "Take the like back", "♥", () => mark(message, "like"))
      : button("heart", "Like", "♡", () => mark(message, "like")),
    button("", "React", "☺", () => row.classList.toggle("choosing")),
    button("", "Reply", "↩", () => setContext({ kind: "reply", message })),
  );
  acts.setAttribute("role", "group");
  acts.setAttribute("aria-label", `Message by ${nameOf(message.author)}`);
  if (message.author === view.me) {
    acts.append(
      button("", "Edit", "✎", () => startEdit(message)),
      button("", "Delete", "🗑", () => attempt(() => ask("DELETE", `/messages/${message.id}`, { user: view.me }))),
    );
  }
  return acts;
}

const mark = (message, code) =>
  attempt(() =>
    code === "like"
      ? ask("POST", "/likes", { message: message.id, user: view.me, action: "auto" })
      : ask("POST", "/reactions", { message: message.id, user: view.me, reaction: code, action: "auto" }),
  );

/** Messages of one author in a row share their head. */
export function arrange() {
  let before = null;
  for (const row of byId("log").querySelectorAll("li[data-id]")) {
    const follows = before && row.classList.contains("message") && before.dataset.author === row.dataset.author;
    row.classList.toggle("follows", Boolean(follows));
    before = row.classList.contains("message") ? row : null;
  }
}

export function drawTyping() {
  const chat = openChat();
  const now = Date.now();
  const names = [...view.typing.values()].filter((one) => one.chat === chat?.id && one.until > now).map((one) => nameOf(one.user));
  byId("typing").textContent = names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} view.typing…` : "";
}
