// The panel that shows what a message set in motion: events to bots, their answers, and the calls that followed.

import { useEffect, useMemo, useState } from "./vendor/hooks.js";
import { plain } from "./bbcode.js";
import { ask } from "./control.js";
import { copy } from "./copy.js";
import { deliveryAsCurl, requestAsCurl } from "./curl.js";
import { PanelHead } from "./faults.js";
import { Icon } from "./icons.js";
import { watch } from "./news.js";
import { app, html, nameOf } from "./store.js";
import { lang, t } from "./text.js";
import { Answer, Tree } from "./tree.js";

/** Several events in a row are read at once. */
const PAUSE = 120;

const Copy = ({ text }) => html`<button type="button" class="minor" onClick=${() => copy(text)}>
  <${Icon} name="copy" /> ${t("copyAsCurl")}
</button>`;

function Status({ status, error }) {
  const fine = status >= 200 && status < 300 && !error;
  return html`<span class=${`status ${fine ? "good" : "bad"}`}>${[status || null, error].filter(Boolean).join(" ")}</span>`;
}

const Time = ({ n }) => html`<span class="soft">${t("milliseconds", { n })}</span>`;

/** What is open in an event: the rest is the same each time. */
const OPEN = new Set(["data", "message", "command", "COMMAND"]);
const interesting = (name) => OPEN.has(name);

/** An event as it is posted, credentials last. */
const inOrder = (fields) => {
  const { event, data, auth, ...rest } = fields ?? {};
  return Object.fromEntries(Object.entries({ event, data, ...rest, auth }).filter(([, value]) => value !== undefined));
};

function Delivery({ delivery }) {
  const [raw, showRaw] = useState(false);
  const views = [
    [false, t("fields")],
    [true, t("raw")],
  ];
  return html`<article class="card delivery">
    <header>
      <b>${delivery.event}</b>
      <${Status} status=${delivery.status} error=${delivery.error} />
      <${Time} n=${delivery.milliseconds} />
    </header>
    <p class="soft where">→ ${nameOf(delivery.bot)} · ${delivery.url}</p>
    <div class="card-acts">
      <div class="tabs" role="group" aria-label=${t("body")}>
        ${views.map(
          ([value, label]) => html`<button type="button" key=${label} aria-pressed=${String(raw === value)} onClick=${() => showRaw(value)}>
            ${label}
          </button>`,
        )}
      </div>
      ${delivery.body && html`<${Copy} text=${deliveryAsCurl(delivery)} />`}
    </div>
    ${delivery.body === null
      ? html`<p class="soft">${t("keptNoMore")}</p>`
      : raw
        ? html`<pre class="raw">${delivery.body}</pre>`
        : html`<${Tree} value=${inOrder(delivery.fields)} open=${interesting} />`}
    ${delivery.status !== null && html`<h4>${t("botsAnswer")}</h4><${Answer} text=${delivery.answer} />`}
  </article>`;
}

/** What a call in a batch was answered, out of the batch's answer. */
function answerOf(call, answer) {
  try {
    const { result } = JSON.parse(answer);
    return JSON.stringify(result.result?.[call.name] ?? result.result_error?.[call.name]);
  } catch {
    return undefined;
  }
}

function Call({ call, answer }) {
  return html`<article class="call">
    <header>
      <b>${call.method}</b>
      <span class=${`status ${call.error ? "bad" : "good"}`}>${call.error ?? t("fine")}</span>
    </header>
    <${Tree} value=${call.params} />
    ${answer !== undefined && html`<h4>${t("answer")}</h4><${Answer} text=${answer} />`}
  </article>`;
}

function Batch({ request }) {
  const [all, showAll] = useState(false);
  const related = request.calls.filter((call) => call.by);
  const hidden = request.calls.length - related.length;
  return html`${(all ? request.calls : related).map(
      (call) => html`<${Call} key=${call.name} call=${call} answer=${answerOf(call, request.answer)} />`,
    )}
    ${hidden > 0 &&
    html`<button type="button" class="minor" onClick=${() => showAll(!all)}>${all ? t("fewerCalls") : t("otherCalls", { n: hidden })}</button>`}`;
}

function Request({ request }) {
  return html`<article class="card request">
    <header>
      <b>${request.method}</b>
      <${Status} status=${request.status} error=${request.error} />
      <${Time} n=${request.milliseconds} />
    </header>
    <p class="soft where">
      ${t(`by_${request.by}`)}${request.user ? ` · ${t("asUser", { name: nameOf(request.user) })}` : ""}${request.example
        ? ` · ${t("example")}`
        : ""}
    </p>
    <div class="card-acts"><${Copy} text=${requestAsCurl(request)} /></div>
    ${request.calls.length
      ? html`<${Batch} request=${request} />`
      : html`<${Tree} value=${request.params} />
          <h4>${t("answer")}</h4>
          <${Answer} text=${request.answer} />`}
  </article>`;
}

function useTrace(id) {
  const [trace, setTrace] = useState(null);
  useEffect(() => {
    setTrace(null);
    if (!id) return undefined;
    let timer;
    // A message that is gone leaves nothing to show.
    const read = () => ask("GET", `/trace/${id}`).then(setTrace, () => setTrace(null));
    read();
    const stop = watch((news) => {
      if (!["delivery", "request", "hello"].includes(news.kind)) return;
      clearTimeout(timer);
      timer = setTimeout(read, PAUSE);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [id]);
  return trace?.message_id === id ? trace : null;
}

function Trace({ trace }) {
  return html`<h3>${t("events")}</h3>
    ${trace.deliveries.length === 0 && html`<p class="soft">${t("noEvents")}</p>`}
    ${trace.deliveries.map((one) => html`<${Delivery} key=${one.n} delivery=${one} />`)}
    <h3>${t("calls")}</h3>
    ${trace.requests.length === 0 && html`<p class="soft">${t("noCalls")}</p>`}
    ${trace.requests.map((one) => html`<${Request} key=${one.n} request=${one} />`)}`;
}

export function Inspector() {
  const trace = useTrace(app.chosen);
  const message = app.messages.get(app.chosen);
  const traced = useMemo(() => message && trace && html`<${Trace} trace=${trace} />`, [message, trace, lang]);
  return html`<section class="panel inspector" aria-label=${t("inspector")}>
    <${PanelHead} title=${t("inspector")} />
    <div class="panel-body" tabindex="0">
      ${message
        ? html`<p class="about"><b>${nameOf(message.author)}</b> <span>${plain(message.text)}</span> <small>${message.id}</small></p>`
        : html`<p class="soft">${t("chooseMessage")}</p>`}
      ${traced}
    </div>
  </section>`;
}
