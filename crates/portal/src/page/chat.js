// The page as a whole.

import { render } from "./vendor/preact.js";
import { Applications } from "./applications.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { Faults } from "./faults.js";
import { addFiles } from "./files.js";
import { Inspector } from "./inspector.js";
import { Menu } from "./menu.js";
import { follow } from "./news.js";
import { Side } from "./side.js";
import { app, change, html, keep, onChange } from "./store.js";
import { t } from "./text.js";
import { Windows } from "./windows.js";

function Drop({ children }) {
  const over = (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    event.currentTarget.classList.add("dropping");
  };
  const leave = (event) => event.currentTarget.classList.remove("dropping");
  const drop = (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    leave(event);
    addFiles(event.dataTransfer.files);
  };
  return html`<main onDragOver=${over} onDragLeave=${leave} onDrop=${drop} data-drop=${t("dropHere")}>${children}</main>`;
}

const PANELS = { inspector: Inspector, applications: Applications, faults: Faults };

function Page() {
  const Panel = PANELS[app.panel];
  return html`<a class="skip" href="#input">${t("skipToBox")}</a>
    <div class=${`panes show-${app.pane === "panel" && !Panel ? "chat" : app.pane}${Panel ? " with-panel" : ""}`}>
      <${Side} />
      <${Drop}><${Conversation} /><${Composer} /><//>
      ${Panel && html`<${Panel} />`}
    </div>
    <${Windows} /><${Menu} />
    <p class="toast" role="status">${app.notice}</p>`;
}

/** What Esc closes when nothing nearer takes it. */
function escape(event) {
  if (event.key !== "Escape" || event.defaultPrevented || app.menu || app.window) return;
  if (app.panel && document.activeElement?.closest(".panel")) {
    keep("panel", "");
    change({ pane: "chat" });
  } else if (app.pane === "panel") change({ pane: "chat" });
  document.getElementById("input")?.focus();
}

onChange(() => render(html`<${Page} />`, document.getElementById("app")));
document.addEventListener("keydown", escape);
change();
follow();
