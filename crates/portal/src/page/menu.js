// The menu that is open, if one is: over everything, closed by Esc or a click elsewhere.

import { useLayoutEffect, useRef } from "./vendor/hooks.js";
import { Icon } from "./icons.js";
import { moveAmong } from "./side.js";
import { app, change, html } from "./store.js";

function Item({ item, run }) {
  return html`<button
    type="button"
    role="menuitem"
    tabindex="-1"
    disabled=${item.disabled}
    class=${item.own ? "own" : undefined}
    title=${item.symbol ? item.label : undefined}
    aria-label=${item.symbol ? item.label : undefined}
    onClick=${() => run(item)}
  >
    ${item.icon && html`<${Icon} name=${item.icon} />`} ${item.symbol ?? item.label}
  </button>`;
}

export function Menu() {
  const menu = app.menu;
  const root = useRef(null);
  useLayoutEffect(() => {
    if (!menu) return;
    root.current.showPopover();
    const { offsetWidth: width, offsetHeight: height } = root.current;
    const x = menu.at.right ? menu.at.x - width : menu.at.x;
    root.current.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
    root.current.style.top = `${Math.max(8, Math.min(menu.at.y + 4, innerHeight - height - 8))}px`;
    root.current.querySelector("button")?.focus();
  }, [menu]);
  if (!menu) return null;
  const close = () => {
    const inside = root.current?.contains(document.activeElement);
    change({ menu: null });
    if (inside) menu.back?.focus();
  };
  const run = (item) => {
    close();
    item.run();
  };
  return html`<div
    class=${`menu${menu.grid ? " grid" : ""}`}
    popover="auto"
    role="menu"
    aria-label=${menu.label}
    ref=${root}
    onKeyDown=${(event) => {
      if (event.key === "Tab") close();
      else moveAmong(event, "button:enabled", menu.grid ? 8 : 1);
    }}
    onToggle=${(event) => event.newState === "closed" && app.menu === menu && close()}
  >
    ${menu.items.map((item) => html`<${Item} key=${item.label} item=${item} run=${run} />`)}
  </div>`;
}
