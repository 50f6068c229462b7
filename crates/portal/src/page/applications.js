// The panel of what an administrator does: applications come, open, change and go, and the portal moves.

import { useEffect, useState } from "./vendor/hooks.js";
import { ask } from "./control.js";
import { copy } from "./copy.js";
import { PanelHead } from "./faults.js";
import { Icon } from "./icons.js";
import { watch } from "./news.js";
import { app, attempt, change, html, notify } from "./store.js";
import { t } from "./text.js";

async function act(id, what, body) {
  const done = await attempt(() => ask("POST", `/applications/${id}/${what}`, body));
  if (done) notify(t("done"));
  return done;
}

const open = (one) => change({ window: { kind: "application", id: one.id, title: one.client_id } });

async function reinstall(one) {
  if ((await act(one.id, "reinstall", { open: false })) && one.interface) open(one);
}

function showMenu(event, one) {
  const item = (label, what, body) => ({ label, run: () => act(one.id, what, body) });
  const items = [
    item(t("updateApplication"), "update"),
    item(t("payApplication"), "payment"),
    item(t("endPayment"), "payment", { expired: true }),
    item(t("expireTokens"), "expire"),
    item(t("revokeTokens"), "revoke"),
    { label: t("reinstall"), run: () => reinstall(one) },
    item(t("uninstall"), "uninstall"),
    item(t("uninstallClean"), "uninstall", { clean: true }),
  ];
  const { right, bottom } = event.currentTarget.getBoundingClientRect();
  change({ menu: { items, at: { x: right, y: bottom, right: true }, back: event.currentTarget, label: one.client_id } });
}

function Secrets({ id }) {
  const [known, know] = useState(null);
  const toggle = async () => know(known ? null : await attempt(() => ask("GET", `/applications/${id}/secrets`)));
  return html`<button type="button" class="minor" aria-expanded=${String(Boolean(known))} onClick=${toggle}>
      ${t(known ? "hideSecrets" : "showSecrets")}
    </button>
    ${known &&
    html`<dl class="secrets">
      ${Object.entries(known).map(
        ([name, value]) => html`<dt key=${name}>${name}</dt>
          <dd key=${value}>
            <code>${value}</code>
            <button type="button" class="icon" aria-label=${t("copyValue", { name })} title=${t("copyValue", { name })} onClick=${() => copy(value)}>
              <${Icon} name="copy" />
            </button>
          </dd>`,
      )}
    </dl>`}`;
}

function Payment({ one }) {
  if (one.payment_expired) return html`<span class="status bad">${t("paymentEnded")}</span>`;
  return one.days !== null && html`<span class="status good">${t("paidFor", { n: one.days })}</span>`;
}

function Card({ one }) {
  const facts = [t("version", { n: one.version }), one.scopes.join(", "), one.renewals && t("renewals", { n: one.renewals })];
  const places = [...new Set([one.handler, one.install])].filter(Boolean);
  return html`<article class="card application-card" aria-label=${one.client_id}>
    <header>
      <b>${one.client_id}</b>
      <button type="button" class="icon" aria-haspopup="menu" aria-label=${t("more")} title=${t("more")} onClick=${(event) => showMenu(event, one)}>
        <${Icon} name="more" />
      </button>
    </header>
    <p class="states">
      <span class=${`status ${one.installed ? "good" : "bad"}`}>${t(one.installed ? "isInstalled" : "isUnfinished")}</span>
      <${Payment} one=${one} />
    </p>
    <p class="soft where">${facts.filter(Boolean).join(" · ")}</p>
    ${places.map((place) => html`<p key=${place} class="soft where">→ ${place}</p>`)}
    <div class="card-acts">
      ${one.interface &&
      (one.handler || !one.installed) &&
      html`<button type="button" class="minor" onClick=${() => open(one)}>${t(one.installed ? "openApplication" : "openInstallPage")}</button>`}
      <${Secrets} id=${one.id} />
    </div>
  </article>`;
}

const EMPTY = { handler: "", install: "", interface: false, scopes: "im, imbot", version: "", redirect_uri: "", client_id: "", client_secret: "" };

function Install() {
  const [form, fill] = useState(EMPTY);
  const set = (event) => {
    const { name, type, checked, value } = event.currentTarget;
    fill({ ...form, [name]: type === "checkbox" ? checked : value });
  };
  const field = (name, label, more = {}) => html`<label class="field">
    ${label}<input name=${name} value=${form[name]} autocomplete="off" spellcheck=${false} onInput=${set} ...${more} />
  </label>`;
  const submit = async (event) => {
    event.preventDefault();
    const scopes = form.scopes.split(/[\s,]+/).filter(Boolean);
    const wanted = { ...form, scopes, version: form.version || undefined, open: false };
    const made = await attempt(() => ask("POST", "/applications", wanted));
    if (!made) return;
    fill(EMPTY);
    notify(t("done"));
    if (wanted.interface) open(made);
  };
  const address = { type: "url", placeholder: "http://127.0.0.1:8080/" };
  return html`<form class="panel-form install-form" onSubmit=${submit}>
    ${field("handler", t("handlerAddress"), address)} ${field("install", t("installAddress"), { ...address, placeholder: t("asHandler") })}
    <label class="pick"><input name="interface" type="checkbox" checked=${form.interface} onChange=${set} /><span>${t("hasInterface")}</span></label>
    ${field("scopes", t("scopes"))} ${field("version", t("versionNumber"), { type: "number", min: 1, placeholder: "1" })}
    ${field("redirect_uri", t("redirectAddress"), { type: "url" })} ${field("client_id", "client_id", { placeholder: t("invented") })}
    ${field("client_secret", "client_secret", { placeholder: t("invented") })}
    <button type="submit" class="primary">${t("install")}</button>
  </form>`;
}

function Move() {
  const [url, setUrl] = useState("");
  const move = async (event) => {
    event.preventDefault();
    const moved = await attempt(() => ask("POST", "/domain", { url: url.trim() || undefined }));
    if (!moved) return;
    setUrl("");
    notify(t("done"));
  };
  return html`<p class="soft">${t("addressIs", { url: app.portal.url })}</p>
    <form class="panel-form" onSubmit=${move}>
      <label class="field">${t("newAddress")}<input name="url" type="url" value=${url} placeholder=${t("otherName")} onInput=${(event) => setUrl(event.currentTarget.value)} /></label>
      <button type="submit" class="minor">${t("movePortal")}</button>
    </form>`;
}

export function Applications() {
  const [known, setKnown] = useState([]);
  useEffect(() => {
    const read = () => attempt(async () => setKnown(await ask("GET", "/applications")));
    read();
    return watch((news) => ["state", "reset", "hello"].includes(news.kind) && read());
  }, []);
  return html`<section class="panel" aria-label=${t("applications")}>
    <${PanelHead} title=${t("applications")} />
    <div class="panel-body">
      ${known.length === 0 && html`<p class="soft">${t("noApplications")}</p>`} ${known.map((one) => html`<${Card} key=${one.id} one=${one} />`)}
      <h3>${t("installApplication")}</h3>
      <${Install} />
      <h3>${t("portalsAddress")}</h3>
      <${Move} />
      <p class="error" role="alert">${app.error}</p>
    </div>
  </section>`;
}
