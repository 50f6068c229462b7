// The box messages are written in: mentions, commands, replies and edits.

import { plain } from "./bbcode.js";
import { ask, attempt, avatar, byId, element, mentionable, nameOf, openChat, user, view } from "./view.js";

let context = null;
let suggestions = [];
let chosen = 0;

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
    suggestions = view.state.bots.flatMap((one) =>
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

export function setContext(next) {
  context = next;
  drawContext();
  byId("input").focus();
}

export function dropContext() {
  context = null;
  drawContext();
}

export function startEdit(message) {
  setContext({ kind: "edit", message });
  byId("input").value = toNames(message.text);
  grow();
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
      ? ask("PATCH", `/messages/${message.id}`, { user: view.me, text })
      : ask("POST", "/messages", { dialog: view.dialog, user: view.me, text, reply_to: kind === "reply" ? message.id : undefined }),
  );
  if (!done) return;
  input.value = "";
  setContext(null);
  grow();
}

function cancel() {
  if (context?.kind === "edit") byId("input").value = "";
  setContext(null);
  grow();
}

byId("context-close").addEventListener("click", cancel);
byId("mention").addEventListener("click", () => {
  const input = byId("input");
  const before = input.value.slice(0, input.selectionStart);
  if (!/@$/.test(before)) input.setRangeText(before && !/\s$/.test(before) ? " @" : "@", input.selectionStart, input.selectionEnd, "end");
  input.focus();
  suggest();
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
    } else if (context) cancel();
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send();
  }
});
