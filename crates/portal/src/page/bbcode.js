// BB code as elements. What a message says only ever becomes text and checked addresses.

import { app, html } from "./store.js";
import { fullTime } from "./text.js";

const SIMPLE = { b: "b", i: "i", u: "u", s: "s" };
const TAGS = /\[(\/?)(b|i|u|s|code|url|user|chat|context|size|color|img|icon|send|put|call|timestamp|disk)(?:=([^\]\s]*))?((?:\s[^\]]*)?)\]|\[br\]|#br#/gi;
/** Tags within tags. Nobody writes more, and elements within elements without end break the page. */
const DEEPEST = 32;
const ADDRESS = /https?:\/\/[^\s<>"[\]]+[^\s<>"[\].,;:!?)]/g;

/** The path, if an address is the portal's: whoever is called as this machine may be it. */
function ownPath({ hostname, port, pathname }) {
  const here = hostname === location.hostname || /^((.+\.)?localhost|127\.[\d.]+|0\.0\.0\.0|\[::.*\])\.?$/.test(hostname);
  return here && port === location.port ? pathname : undefined;
}

/** An address that is safe to follow: of the web, or a place on the portal. To open a method there is to call it. */
export function address(text) {
  const trimmed = String(text ?? "").trim();
  if (!/^(https?:\/\/|\/(?!\/))/i.test(trimmed) || !URL.canParse(trimmed, location.origin)) return undefined;
  return /^\/+rest(\/|$)/.test(ownPath(new URL(trimmed, location.origin)) ?? "") ? undefined : trimmed;
}

/** An address that is safe to show a picture from. On the portal only files are, and methods are nowhere. */
export function picture(text) {
  const href = address(text);
  if (!href) return undefined;
  const url = new URL(href, location.origin);
  const own = ownPath(url);
  return (own ?? "/files/").startsWith("/files/") && !/^\/+rest\//.test(url.pathname) ? href : undefined;
}

/** A colour as the platform writes them. */
export const color = (text) => (/^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text ?? "") ? text : undefined);

export const link = (href, children) =>
  address(href) ? html`<a href=${address(href)} target="_blank" rel="noopener noreferrer">${children}</a>` : html`<span>${children}</span>`;

/**
 * The elements of a text. `act(action, value)` is called for [send], [put] and [chat]; without it they are text.
 * Lines that begin with `>>`, or stand between two of dashes, are quotes.
 */
export function bbcode(text, act) {
  const parts = [];
  for (const [quoted, lines] of blocks(text)) {
    const made = inline(lines.join("\n"), act);
    if (quoted) parts.push(html`<blockquote>${made}</blockquote>`);
    else parts.push(...made);
  }
  return parts;
}

/** `[quoted, lines]` for each run of lines. */
function blocks(text) {
  const runs = [];
  let fenced = false;
  for (const line of String(text).split("\n")) {
    if (/^-{54}$/.test(line)) {
      fenced = !fenced;
      continue;
    }
    const quoted = fenced || line.startsWith(">>");
    const shown = !fenced && quoted ? line.slice(2).trimStart() : line;
    if (runs.length && runs.at(-1)[0] === quoted) runs.at(-1)[1].push(shown);
    else runs.push([quoted, [shown]]);
  }
  return runs;
}

function inline(text, act) {
  const root = { name: "", value: "", children: [] };
  const stack = [root];
  const top = () => stack.at(-1);
  let at = 0;
  for (const found of text.matchAll(TAGS)) {
    const name = found[2]?.toLowerCase();
    // In code nothing counts but its end.
    if (top().name === "code" && !(found[1] && name === "code")) continue;
    addText(top(), text.slice(at, found.index));
    at = found.index + found[0].length;
    if (!name) top().children.push("\n");
    else if (found[1]) {
      const opened = stack.findLastIndex((one) => one.name === name);
      if (opened > 0) while (stack.length > opened) close(stack, act);
      else top().children.push(found[0]);
    } else if (["icon", "timestamp", "disk"].includes(name)) top().children.push(single(name, found[3], found[4]));
    else if (stack.length > DEEPEST) top().children.push(found[0]);
    else stack.push({ name, value: found[3] ?? "", children: [] });
  }
  addText(top(), text.slice(at));
  while (stack.length > 1) close(stack, act);
  return root.children;
}

function close(stack, act) {
  const node = stack.pop();
  stack.at(-1).children.push(build(node, act));
}

const plainOf = (children) =>
  children.map((one) => (typeof one === "string" ? one : plainOf([one?.props?.children ?? []].flat(9)))).join("");

function build({ name, value, children }, act) {
  if (SIMPLE[name]) return html`<${SIMPLE[name]}>${children}<//>`;
  const inner = plainOf(children);
  switch (name) {
    case "code":
      return html`<code>${children}</code>`;
    case "url":
      return link(value || inner, children);
    case "img":
      return picture(inner) ? html`<img class="picture" src=${picture(inner)} alt="" loading="lazy" />` : inner;
    case "size":
      return html`<span style=${{ fontSize: `${Math.min(30, Math.max(8, parseInt(value, 10) || 15))}px` }}>${children}</span>`;
    case "color":
      return html`<span style=${{ color: color(value) }}>${children}</span>`;
    case "user":
      return html`<span class=${`at${parseInt(value, 10) === app.me ? " me" : ""}`}>@${children}</span>`;
    case "send":
    case "put":
    case "chat":
      return act
        ? html`<button type="button" class="inline" onClick=${() => act(name, value || inner)}>${children}</button>`
        : html`<span class="at">${children}</span>`;
    case "call":
      return html`<a href=${`tel:${(value || inner).replace(/[^\d+]/g, "")}`}>${children}</a>`;
    default:
      return html`<span class="at">${children}</span>`;
  }
}

function single(name, value, rest) {
  if (name === "timestamp") return fullTime(Number(value) * 1000);
  if (name === "disk") return `disk ${value}`;
  const pixels = Math.min(64, Math.max(8, Number(/size=(\d+)/.exec(rest)?.[1]) || 20));
  const title = /title=([^\]]*)/.exec(rest)?.[1] ?? "";
  return html`<img class="smile" src=${picture(value)} width=${pixels} height=${pixels} alt=${title} title=${title} />`;
}

function addText(node, text) {
  let at = 0;
  for (const found of ["url", "code", "img"].includes(node.name) ? [] : text.matchAll(ADDRESS)) {
    node.children.push(text.slice(at, found.index), link(found[0], found[0]));
    at = found.index + found[0].length;
  }
  if (at < text.length) node.children.push(text.slice(at));
}

/** A text without its codes, on one line. */
export const plain = (text) => plainOf(bbcode(text)).replace(/\s+/g, " ");
