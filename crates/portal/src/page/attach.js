// Attachments: the blocks bots put under a message's text.

import { bbcode, color, link, picture as safe } from "./bbcode.js";
import { Icon } from "./icons.js";
import { open } from "./news.js";
import { html } from "./store.js";
import { size, t } from "./text.js";

const TOKENS = ["primary", "secondary", "alert", "base"];

const listOf = (value) => (Array.isArray(value) ? value : value ? [value] : []);
const pixels = (value) => (Number(value) > 0 ? `${Number(value)}px` : undefined);
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " ", "#39": "'" };
/** Markup is shown as the text in it. */
const textOf = (markup) =>
  String(markup)
    .replace(/<[^>]*>/g, "")
    .replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (_, name) => ENTITIES[name]);

/** Where a block leads: to a person or bot, to a chat, or to an address. */
function Target({ block, children }) {
  const dialog = block.user_id ?? block.bot_id ?? (block.chat_id && `chat${block.chat_id}`);
  if (dialog) return html`<button type="button" class="inline" onClick=${() => open(String(dialog))}>${children}</button>`;
  return block.link ? link(block.link, children) : html`<span>${children}</span>`;
}

function Picture({ picture }) {
  const shown = safe(picture.preview) ?? safe(picture.link);
  if (!shown) return null;
  return html`<figure>
    ${link(picture.link, html`<img class="picture" src=${shown} alt=${picture.name ?? ""} loading="lazy" />`)}
    ${picture.name && html`<figcaption>${picture.name}</figcaption>`}
  </figure>`;
}

const Person = ({ block }) => html`<p class="block-user">
  ${safe(block.avatar) && html`<img class=${`face ${block.avatar_type ?? ""}`.toLowerCase()} src=${safe(block.avatar)} alt="" loading="lazy" />`}
  <b><${Target} block=${block}>${block.name}<//></b>
</p>`;

const Link = ({ block }) => html`<div class="block-link">
  ${block.preview && html`<${Picture} picture=${{ link: block.link, preview: block.preview }} />`}
  <div>
    <b><${Target} block=${block}>${block.name || block.link}<//></b>
    ${(block.desc || block.html) && html`<p>${block.desc ? bbcode(block.desc) : textOf(block.html)}</p>`}
  </div>
</div>`;

function Cell({ cell }) {
  const tone = TOKENS.includes(cell.color_token) ? `tone-${cell.color_token}` : "";
  const value = cell.value !== undefined && cell.value !== null && bbcode(String(cell.value));
  return html`<div class="cell" style=${{ width: pixels(cell.width), height: pixels(cell.height) }}>
    ${cell.name && html`<dt>${cell.name}</dt>`}
    ${value && html`<dd class=${tone} style=${{ color: color(cell.color) }}><${Target} block=${cell}>${value}<//></dd>`}
  </div>`;
}

function Grid({ block }) {
  const cells = listOf(block.items ?? block.grid);
  const display = String(cells[0]?.display ?? "block").toLowerCase();
  return html`<dl class=${`grid-${["line", "row", "table"].includes(display) ? display : "block"}`}>
    ${cells.map((cell, index) => html`<${Cell} key=${index} cell=${cell} />`)}
  </dl>`;
}

const FileLink = ({ file }) => html`<p class="block-file">
  <${Icon} name="file" /> ${link(file.link, file.name || file.link)} ${file.size && html`<small>${size(file.size)}</small>`}
</p>`;

function Block({ block }) {
  switch (block.type) {
    case "user":
      return html`<${Person} block=${block} />`;
    case "link":
    case "rich":
      return html`<${Link} block=${block} />`;
    case "message":
      return html`<p class="block-message">${bbcode(block.message ?? block.text ?? "")}</p>`;
    case "delimiter":
      return html`<hr style=${{ width: pixels(block.size) ?? "200px", borderColor: color(block.color) }} />`;
    case "grid":
      return html`<${Grid} block=${block} />`;
    case "image":
      return html`<div class="pictures">
        ${listOf(block.items ?? block).map((one, index) => html`<${Picture} key=${index} picture=${one} />`)}
      </div>`;
    case "file":
      return listOf(block.items ?? block).map((one, index) => html`<${FileLink} key=${index} file=${one} />`);
    default:
      return html`<p class="soft">${t("unknownBlock", { type: block.type })}</p>`;
  }
}

export function Attach({ attach }) {
  return listOf(attach).map((one, index) => {
    const tone = TOKENS.includes(one.color_token) ? `edge-${one.color_token}` : "";
    return html`<div key=${index} class=${`attach ${tone}`} style=${{ borderColor: color(one.color) }}>
      ${listOf(one.blocks).map((block, at) => html`<${Block} key=${at} block=${block} />`)}
    </div>`;
  });
}
