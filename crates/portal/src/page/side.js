// The side: who one is, and the conversations there are.

import { plain } from "./bbcode.js";
import { copy } from "./copy.js";
import { Icon } from "./icons.js";
import { become, open } from "./news.js";
import { app, bot, change, html, keep, nameOf, people, privateChat, unreadIn, user } from "./store.js";
import { clockTime, lang, setLang, t } from "./text.js";
import { setTheme, theme } from "./theme.js";

function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : name.slice(0, 2)).toUpperCase();
}

export function Avatar({ id, small }) {
  const person = user(id);
  return html`<span
    class=${`avatar${small ? " small" : ""}${person?.bot ? " bot" : ""}`}
    style=${{ backgroundColor: person?.color }}
    aria-hidden="true"
    >${initials(nameOf(id))}</span
  >`;
}

export const GroupAvatar = ({ small }) => html`<span class=${`avatar group${small ? " small" : ""}`} aria-hidden="true">#</span>`;

/** Moves the focus among the elements of one kind within a list, or a grid: arrows, Home and End. */
export function moveAmong(event, selector, columns = 1) {
  const all = [...event.currentTarget.querySelectorAll(selector)];
  const at = all.indexOf(event.target.closest(selector));
  const steps = { ArrowDown: at + columns, ArrowRight: at + 1, ArrowUp: at - columns, ArrowLeft: at - 1, Home: 0, End: all.length - 1 };
  const next = all[steps[event.key]];
  if (!next) return undefined;
  event.preventDefault();
  next.focus();
  return next;
}

function Me() {
  return html`<section aria-labelledby="me-title">
    <h2 id="me-title">${t("youAre")}</h2>
    <div class="people" role="radiogroup" aria-labelledby="me-title" onKeyDown=${(event) => moveAmong(event, "button")?.click()}>
      ${people().map(
        (one) => html`<button
          type="button"
          key=${one.id}
          class="person"
          role="radio"
          aria-checked=${String(one.id === app.me)}
          tabindex=${one.id === app.me ? 0 : -1}
          title=${`${one.name}, ${one.position} (${one.id})`}
          onClick=${() => become(one.id)}
        >
          <${Avatar} id=${one.id} />
          <span>${one.name.split(" ")[0]}</span>
        </button>`,
      )}
    </div>
  </section>`;
}

function Row({ target, picture, name, note, chat, title }) {
  const last = chat && app.messages.get(chat.last_message);
  const count = chat ? unreadIn(chat.id) : 0;
  const said = last && (last.author === app.me ? `${t("youSaid")} ` : "") + (last.deleted ? t("deletedMessage") : plain(last.text) || t("somethingElse"));
  return html`<li>
    <button
      type="button"
      class=${`dialog${count ? " unread" : ""}`}
      title=${title}
      aria-current=${target === app.dialog ? "true" : undefined}
      onClick=${() => open(target)}
    >
      ${picture}
      <span class="dialog-text">
        <span class="dialog-head">
          <span class="dialog-name">${name}</span>
          ${last && html`<time datetime=${last.date}>${clockTime(last.date)}</time>`}
        </span>
        <span class="dialog-note">${said || note}</span>
      </span>
      ${count > 0 && html`<span class="badge" aria-hidden="true">${count}</span><span class="unseen">${t("unread", { n: count })}</span>`}
    </button>
  </li>`;
}

function Rows({ label, add, children }) {
  return html`<div class="section-head">
      <h2>${label}</h2>
      ${add}
    </div>
    <ul class="dialogs">
      ${children}
    </ul>`;
}

function botNote(one) {
  const delivered = app.deliveries.get(one.id);
  if (!delivered) return `${one.type} · ${one.api} · ${one.mode}`;
  const event = delivered.event.replace(/^ONIM(BOT)?(V2)?/, "").toLowerCase();
  return delivered.status === null
    ? `${event}: ${delivered.error}`
    : t("delivered", { event, status: delivered.status, n: delivered.milliseconds });
}

function Conversations() {
  const groups = app.portal.chats
    .filter((one) => !one.private && one.members.includes(app.me))
    .sort((a, b) => (b.last_message ?? 0) - (a.last_message ?? 0) || a.id - b.id);
  const colleagues = people().filter((one) => one.id !== app.me);
  const add = html`<button type="button" class="icon" aria-label=${t("newChat")} title=${t("newChat")} onClick=${() => change({ window: { kind: "found" } })}>
    <${Icon} name="plus" />
  </button>`;
  return html`<nav aria-label=${t("conversations")} onKeyDown=${(event) => moveAmong(event, ".dialog")}>
    <${Rows} label=${t("chats")} add=${add}>
      ${groups.map(
        (one) => html`<${Row}
          key=${one.id}
          target=${one.dialog}
          picture=${html`<${GroupAvatar} small />`}
          name=${one.title || one.dialog}
          note=${`${one.dialog} · ${t("members", { n: one.members.length })}`}
          chat=${one}
        />`,
      )}
    <//>
    <${Rows} label=${t("bots")}>
      ${app.portal.bots.map(
        (one) => html`<${Row}
          key=${one.id}
          target=${String(one.id)}
          picture=${html`<${Avatar} id=${one.id} small />`}
          name=${one.name}
          note=${botNote(one)}
          title=${`${one.name} (${one.id}, ${one.code}, ${one.type}, ${one.api})`}
          chat=${privateChat(one.id)}
        />`,
      )}
    <//>
    ${app.portal.bots.length === 0 && html`<${NoBots} />`}
    <${Rows} label=${t("people")}>
      ${colleagues.map(
        (one) => html`<${Row}
          key=${one.id}
          target=${String(one.id)}
          picture=${html`<${Avatar} id=${one.id} small />`}
          name=${one.name}
          note=${one.position}
          chat=${privateChat(one.id)}
        />`,
      )}
    <//>
  </nav>`;
}

function NoBots() {
  const webhook = `${location.origin}/rest/1/local/`;
  return html`<div class="hint">
    <p>${t("noBots")}</p>
    <button type="button" class="copy" title=${t("copyWebhook")} onClick=${() => copy(webhook)}>${webhook}</button>
  </div>`;
}

function PanelButton({ panel, icon, label }) {
  const toggle = () => {
    keep("panel", app.panel === panel ? "" : panel);
    change({ pane: app.panel ? "panel" : "list" });
  };
  return html`<button type="button" class="icon" aria-label=${label} title=${label} aria-pressed=${String(app.panel === panel)} onClick=${toggle}>
    <${Icon} name=${icon} />
  </button>`;
}

function Settings() {
  const themes = { auto: "half", light: "sun", dark: "moon" };
  const next = { auto: "light", light: "dark", dark: "auto" };
  const changeTheme = () => {
    setTheme(next[theme()]);
    change();
  };
  return html`<footer class="settings">
    <div class="languages" role="radiogroup" aria-label=${t("language")} onKeyDown=${(event) => moveAmong(event, "button")?.click()}>
      ${[
        ["en", "En", "English"],
        ["ru", "Ру", "Русский"],
      ].map(
        ([code, short, name]) => html`<button
          type="button"
          key=${code}
          role="radio"
          lang=${code}
          aria-label=${name}
          title=${name}
          aria-checked=${String(lang === code)}
          tabindex=${lang === code ? 0 : -1}
          onClick=${() => {
            setLang(code);
            change();
          }}
        >
          ${short}
        </button>`,
      )}
    </div>
    <button type="button" class="icon" aria-label=${t(`theme_${theme()}`)} title=${t(`theme_${theme()}`)} onClick=${changeTheme}>
      <${Icon} name=${themes[theme()]} />
    </button>
    <${PanelButton} panel="applications" icon="grid" label=${t("applications")} />
    <${PanelButton} panel="faults" icon="bolt" label=${t("faults")} />
    <button type="button" class="icon" aria-label=${t("reset")} title=${t("reset")} onClick=${() => change({ window: { kind: "reset" } })}>
      <${Icon} name="reset" />
    </button>
  </footer>`;
}

/** The portals that were started together. */
function Portals() {
  const { portals } = app.portal;
  if (!portals.length) return null;
  return html`<nav class="portals" aria-label=${t("portals")}>
    ${portals.map(
      ({ url, own }) => html`<a key=${url} href=${own ? "/" : url} title=${url} aria-current=${own ? "page" : undefined}>:${new URL(url).port}</a>`,
    )}
  </nav>`;
}

export function Side() {
  const links = { connecting: "connecting", live: "live", lost: "reconnecting" };
  return html`<aside class="side" aria-label=${t("peopleAndChats")}>
    <header class="brand">
      <span class="logo" aria-hidden="true"></span>
      <span class="brand-name">${t("title")}</span>
      <span class=${`link ${app.link}`} role="status">${t(links[app.link])}</span>
    </header>
    <${Portals} />
    <div class="side-scroll">
      <${Me} />
      <${Conversations} />
    </div>
    <${Settings} />
  </aside>`;
}
