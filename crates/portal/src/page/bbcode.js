// BB code as DOM nodes.

import { element, view } from "./view.js";

const TAGS = { b: "b", i: "i", u: "u", s: "s", code: "code" };

/** The nodes of a text: b, i, u, s, code, url, USER and CHAT; whatever else is in brackets stays text. */
export function bbcode(text) {
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
  return element("span", name === "user" && parseInt(value, 10) === view.me ? "at me" : "at");
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

export const plain = (text) => element("span", "", ...bbcode(text)).textContent;
