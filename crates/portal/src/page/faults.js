// The panel that lets coming REST requests fail.

import { useEffect, useState } from "./vendor/hooks.js";
import { ask } from "./control.js";
import { Icon } from "./icons.js";
import { watch } from "./news.js";
import { app, attempt, change, html, keep } from "./store.js";
import { t } from "./text.js";

const KINDS = [
  "query_limit", "operation_limit", "overload", "expired_token", "moved", "error_500", "timeout", "drop", "slow",
  "truncated", "not_json",
];
const METHODS = [
  "batch", "im.message.add", "im.message.like", "imbot.command.answer", "imbot.message.add", "imbot.message.like",
  "imbot.v2.Chat.Message.Reaction.add", "imbot.v2.Chat.Message.send", "imbot.v2.Event.get",
];

export function PanelHead({ title, children }) {
  const close = () => {
    keep("panel", "");
    change({ pane: "chat" });
    document.getElementById("input")?.focus();
  };
  return html`<header class="panel-head">
    <button type="button" class="icon phone" aria-label=${t("backToChat")} onClick=${() => change({ pane: "chat" })}><${Icon} name="back" /></button>
    <h2>${title}</h2>
    ${children}
    <button type="button" class="icon wide" aria-label=${t("close")} title=${t("close")} onClick=${close}><${Icon} name="close" /></button>
  </header>`;
}

function Pending({ pending, clear }) {
  if (!pending.length) return html`<p class="soft">${t("noFaults")}</p>`;
  return html`<ul class="faults" aria-live="polite">
      ${pending.map(
        (fault, index) => html`<li key=${index}>
          <b>${t(`fault_${fault.kind}`)}</b>
          <code>${fault.method ?? t("anyMethod")}</code>
          <span>${t("moreTimes", { n: fault.times })}</span>
        </li>`,
      )}
    </ul>
    <button type="button" onClick=${clear}>${t("clearFaults")}</button>`;
}

export function Faults() {
  const [pending, setPending] = useState([]);
  const [kind, setKind] = useState("query_limit");
  const [method, setMethod] = useState("");
  const [times, setTimes] = useState(1);
  const [milliseconds, setMilliseconds] = useState(3000);
  const read = () => attempt(async () => setPending(await ask("GET", "/faults")));
  useEffect(() => {
    read();
    return watch((news) => ["request", "reset", "hello"].includes(news.kind) && read());
  }, []);
  const order = async (event) => {
    event.preventDefault();
    const fault = { kind, method: method.trim() || undefined, times };
    if (kind === "slow") fault.milliseconds = milliseconds;
    if (await attempt(() => ask("POST", "/faults", fault))) read();
  };
  const clear = async () => {
    await attempt(() => ask("DELETE", "/faults"));
    read();
  };
  return html`<section class="panel" aria-label=${t("faults")}>
    <${PanelHead} title=${t("faults")} />
    <div class="panel-body">
      <p class="soft">${t("faultsExplained")}</p>
      <form class="panel-form fault-form" onSubmit=${order}>
        <label class="field">
          ${t("faultKind")}
          <select name="kind" value=${kind} onChange=${(event) => setKind(event.currentTarget.value)}>
            ${KINDS.map((one) => html`<option key=${one} value=${one}>${t(`fault_${one}`)}</option>`)}
          </select>
        </label>
        <p class="soft">${t(`fault_${kind}_does`)}</p>
        <label class="field">
          ${t("faultMethod")}
          <input name="method" list="methods" value=${method} placeholder=${t("anyMethod")} onInput=${(event) => setMethod(event.currentTarget.value)} />
        </label>
        <datalist id="methods">${METHODS.map((one) => html`<option key=${one} value=${one} />`)}</datalist>
        <label class="field short">
          ${t("faultTimes")}
          <input name="times" type="number" min="1" max="1000" value=${times} onInput=${(event) => setTimes(Number(event.currentTarget.value) || 1)} />
        </label>
        ${kind === "slow" &&
        html`<label class="field short">
          ${t("faultMilliseconds")}
          <input name="milliseconds" type="number" min="1" max="120000" value=${milliseconds} onInput=${(event) => setMilliseconds(Number(event.currentTarget.value) || 1)} />
        </label>`}
        <button type="submit" class="primary">${t("orderFault")}</button>
      </form>
      <h3>${t("pendingFaults")}</h3>
      <${Pending} pending=${pending} clear=${clear} />
      ${app.error && html`<p class="error">${app.error}</p>`}
    </div>
  </section>`;
}
