// Brings the page to life: follows what happens on the portal.

import { arrange, drawMessage, drawTyping } from "./conversation.js";
import { drawSide, load, showMenu } from "./side.js";
import { byId, openChat, view } from "./view.js";

const TYPING_FOR = 6000;

function onMessage(message) {
  const chat = view.state.chats.find((one) => one.id === message.chat);
  for (const [key, one] of view.typing) if (one.user === message.author && one.chat === message.chat) view.typing.delete(key);
  if (!chat) {
    load();
    return;
  }
  if (chat.id !== openChat()?.id) {
    const fresh = message.author !== view.me && chat.members.includes(view.me) && !message.edited && !message.deleted && !message.likes.length && !Object.keys(message.reactions).length;
    if (fresh) {
      view.unread.set(chat.id, (view.unread.get(chat.id) || 0) + 1);
      drawSide();
    }
    return;
  }
  const log = byId("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const old = log.querySelector(`[data-id="${message.id}"]`);
  const known = view.messages.has(message.id);
  view.messages.set(message.id, message);
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
  if (atEnd || (!known && message.author === view.me)) log.scrollTop = log.scrollHeight;
  drawTyping();
}

function onNews(news) {
  if (news.kind === "message" && news.message) onMessage(news.message);
  else if (news.kind === "typing") {
    view.typing.set(`${news.chat} ${news.user}`, { chat: news.chat, user: news.user, until: Date.now() + TYPING_FOR });
    drawTyping();
    setTimeout(drawTyping, TYPING_FOR + 50);
  } else if (news.kind === "delivery" && news.delivery) {
    view.deliveries.set(news.delivery.bot, news.delivery);
    drawSide();
  } else if (news.kind === "hello" || news.kind === "state" || news.kind === "reset") {
    if (news.kind === "reset") {
      view.unread.clear();
      view.deliveries.clear();
      view.typing.clear();
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

byId("menu").addEventListener("click", () => showMenu(!document.body.classList.contains("open")));
byId("veil").addEventListener("click", () => showMenu(false));
byId("copy-webhook").addEventListener("click", async (event) => {
  await navigator.clipboard?.writeText(event.target.textContent).catch(() => undefined);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("open")) showMenu(false);
});

listen();
