// What bots hang under their messages: buttons, and entries in the message's menu.

import { address, color } from "./bbcode.js";
import { ask } from "./control.js";
import { putIntoBox } from "./composer.js";
import { open } from "./news.js";
import { app, attempt, html, notify, phone } from "./store.js";
import { t } from "./text.js";

/** Some buttons are for one kind of device only. */
const fits = ({ context }) => !context || context === "all" || (context === "mobile") === phone.matches;

const TOKENS = ["primary", "secondary", "alert", "base"];

/** Black or white, whatever reads better on a colour. */
function readable(background) {
  const digits = background.slice(1);
  const wide = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const [red, green, blue] = [0, 2, 4].map((at) => parseInt(wide.slice(at, at + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 > 150 ? "#17202b" : "#ffffff";
}

const press = (message, which) => attempt(() => ask("POST", "/presses", { message: message.id, user: app.me, ...which }));

/** Does what a button, a menu entry or a code in a text asks for; `which` says what the bot is told was pressed. */
export async function act(message, thing, which) {
  const value = thing.action_value ?? "";
  if (thing.link) {
    const href = address(thing.link);
    if (href) globalThis.open(href, "_blank", "noopener,noreferrer");
  } else if (thing.action === "put") putIntoBox(value);
  else if (thing.action === "copy") {
    await navigator.clipboard?.writeText(value);
    notify(t("copied"));
  } else if (thing.action === "call") location.href = `tel:${value.replace(/[^\d+]/g, "")}`;
  else if (thing.action === "dialog") open(value);
  else if (thing.action === "send" && !which)
    await attempt(() => ask("POST", "/messages", { dialog: app.dialog, user: app.me, text: value }));
  else if (which) await press(message, which);
}

function Button({ message, button }) {
  const background = color(button.bg_color);
  const style = {
    backgroundColor: background,
    color: color(button.text_color) ?? (background && readable(background)),
    width: button.width ? `${button.width}px` : undefined,
  };
  const token = TOKENS.includes(button.bg_color_token) ? button.bg_color_token : "base";
  const run = () => act(message, button, { button: button.n });
  return html`<button
    type="button"
    class=${`key ${button.display === "block" ? "block" : "line"} ${background ? "" : token}`}
    style=${style}
    disabled=${button.disabled}
    onClick=${run}
  >
    ${button.text}
  </button>`;
}

export function Keyboard({ message }) {
  const rows = [[]];
  for (const button of (message.keyboard ?? []).filter(fits)) {
    if (button.type === "newline") rows.push([]);
    else rows.at(-1).push(button);
  }
  const filled = rows.filter((row) => row.length);
  if (!filled.length) return null;
  return html`<div class="keyboard" role="group" aria-label=${t("buttons")}>
    ${filled.map(
      (row, index) => html`<div class="keys" key=${index}>
        ${row.map((button) => html`<${Button} key=${button.n} message=${message} button=${button} />`)}
      </div>`,
    )}
  </div>`;
}

/** A bot's own entries in the menu of its message. */
export const items = (message) =>
  (message.menu ?? []).filter(fits).map((item) => ({
    label: item.text,
    disabled: item.disabled,
    own: true,
    run: () => act(message, item, { menu: item.n }),
  }));
