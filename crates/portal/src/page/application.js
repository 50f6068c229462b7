// The window in which an application opens. The page in its frame does the opening, and tells when the installation is
// finished.

import { useEffect, useRef } from "./vendor/hooks.js";
import { Icon } from "./icons.js";
import { app, change, html, notify } from "./store.js";
import { t } from "./text.js";

export function Application({ id, title }) {
  const root = useRef(null);
  const frame = useRef(null);
  useEffect(() => {
    const hear = ({ source, origin, data }) => {
      if (source !== frame.current.contentWindow || origin !== location.origin || data?.portal !== "installed") return;
      root.current.close();
      notify(t("isInstalled"));
    };
    addEventListener("message", hear);
    root.current.showModal();
    return () => removeEventListener("message", hear);
  }, []);
  return html`<dialog class="window application" aria-label=${title} ref=${root} onClose=${() => change({ window: null })}>
    <header>
      <h2>${title}</h2>
      <button type="button" class="icon" aria-label=${t("close")} onClick=${() => root.current.close()}><${Icon} name="close" /></button>
    </header>
    <iframe ref=${frame} title=${title} src=${`/application/${id}?user=${app.me}`}></iframe>
  </dialog>`;
}
