// One message, with all that hangs on it.

import { Attach } from "./attach.js";
import { bbcode, plain } from "./bbcode.js";
import { edit, reply } from "./composer.js";
import { ask } from "./control.js";
import { Files } from "./files.js";
import { Icon } from "./icons.js";
import { act, items, Keyboard } from "./keyboard.js";
import { markMessage, Marks, Reactions } from "./marks.js";
import { open } from "./news.js";
import { Avatar } from "./side.js";
import { app, attempt, change, html, keep, nameOf, notify, user } from "./store.js";
import { clockTime, fullTime, t } from "./text.js";

export const inspect = (message) => {
  change({ chosen: message.id, pane: "panel" });
  keep("panel", "inspector");
};

const remove = (message) => attempt(() => ask("DELETE", `/messages/${message.id}`, { user: app.me }));

async function copy(message) {
  await navigator.clipboard?.writeText(plain(message.text));
  notify(t("copied"));
}

/** What can be done with a message, as entries of a menu; the bot's own entries come last. */
function entries(message) {
  const own = message.author === app.me;
  const always = [
    { label: t("reply"), icon: "reply", run: () => reply(message) },
    { label: t("copyText"), icon: "copy", run: () => copy(message) },
    { label: t("inspect"), icon: "inspect", run: () => inspect(message) },
  ];
  const mine = [
    { label: t("edit"), icon: "edit", run: () => edit(message) },
    { label: t("delete"), icon: "trash", run: () => remove(message) },
  ];
  if (message.deleted) return always.slice(2);
  return [...always, ...(own ? mine : []), ...items(message)];
}

function showMenu(event, message) {
  event.preventDefault();
  const row = event.currentTarget.closest(".message");
  const box = event.type === "contextmenu" ? undefined : event.currentTarget.getBoundingClientRect();
  const at = box ? { x: box.right, y: box.bottom, right: true } : { x: event.clientX, y: event.clientY };
  change({ menu: { items: entries(message), at, back: row, label: t("messageBy", { name: nameOf(message.author) }) } });
}

function Quote({ id }) {
  const replied = app.messages.get(id);
  const jump = () => {
    const target = document.querySelector(`[data-id="${id}"]`);
    target?.scrollIntoView({ block: "center", behavior: "smooth" });
    target?.focus({ preventScroll: true });
    target?.classList.add("flash");
    setTimeout(() => target?.classList.remove("flash"), 1500);
  };
  return html`<button type="button" class="quote" onClick=${jump}>
    <b>${replied ? nameOf(replied.author) : t("messageNumber", { id })}</b> ${replied && plain(replied.text)}
  </button>`;
}

function Acts({ message }) {
  const liked = message.likes.includes(app.me);
  const name = nameOf(message.author);
  return html`<div class="acts" role="group" aria-label=${t("messageBy", { name })}>
    <button
      type="button"
      class="heart"
      aria-label=${t(liked ? "unlike" : "like")}
      title=${t(liked ? "unlike" : "like")}
      onClick=${() => markMessage(message, "like")}
    >
      <${Icon} name="heart" filled=${liked} />
    </button>
    <${Reactions} message=${message} />
    <button type="button" aria-label=${t("reply")} title=${t("reply")} onClick=${() => reply(message)}><${Icon} name="reply" /></button>
    <button type="button" class="more" aria-label=${t("more")} title=${t("more")} aria-haspopup="menu" onClick=${(event) => showMenu(event, message)}>
      <${Icon} name="more" />
    </button>
  </div>`;
}

/** Letters on a focused message do what its buttons do. */
function pressed(event, message) {
  if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
  const own = message.author === app.me && !message.deleted;
  const run = {
    Enter: () => showMenu(event, message),
    l: () => markMessage(message, "like"),
    r: () => reply(message),
    i: () => inspect(message),
    e: own ? () => edit(message) : undefined,
    Delete: own ? () => remove(message) : undefined,
  }[event.key];
  if (!run) return;
  event.preventDefault();
  run();
}

/** What codes in a text ask for when they are pressed. */
const within = (message) => (action, value) =>
  action === "chat" ? open(/^\d+$/.test(value) ? `chat${value}` : value) : act(message, { action, action_value: value });

export function Message({ message, follows, chosen }) {
  if (message.system)
    return html`<li class="note" data-id=${message.id}><span>${bbcode(message.text)}</span></li>`;
  const author = user(message.author);
  const classes = ["message"];
  if (follows) classes.push("follows");
  if (message.author === app.me) classes.push("own");
  if (message.deleted) classes.push("deleted");
  if (chosen) classes.push("chosen");
  const text = message.deleted ? t("deletedMessage") : bbcode(message.text, within(message));
  return html`<li
    class=${classes.join(" ")}
    data-id=${message.id}
    tabindex="-1"
    onKeyDown=${(event) => pressed(event, message)}
    onContextMenu=${(event) => !event.target.closest("a, img") && showMenu(event, message)}
    onClick=${() => app.panel === "inspector" && app.chosen !== message.id && change({ chosen: message.id })}
  >
    ${!follows && html`<${Avatar} id=${message.author} />`}
    <div class="body">
      ${!follows &&
      html`<div class="who">
        <b>${nameOf(message.author)}</b>
        ${author?.bot && html`<span class="tag">${t("bot")}</span>`}
        <time datetime=${message.date} title=${`${fullTime(message.date)} · ${message.id}`}>${clockTime(message.date)}</time>
      </div>`}
      ${(message.text || message.deleted || message.reply_to) &&
      html`<div class="bubble" dir="auto">
        ${message.reply_to && html`<${Quote} id=${message.reply_to} />`}
        <span class="said">${text}</span>
        ${message.edited && !message.deleted && html`<span class="edited">${t("edited")}</span>`}
      </div>`}
      ${!message.deleted &&
      html`<${Files} files=${message.files ?? []} /><${Attach} attach=${message.attach} message=${message} /><${Keyboard}
          message=${message} /><${Marks} message=${message} />`}
    </div>
    ${!message.deleted && html`<${Acts} message=${message} />`}
  </li>`;
}

