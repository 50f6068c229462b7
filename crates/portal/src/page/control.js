// The only server the page speaks to: the portal's own /control.

import { t } from "./text.js";

export async function ask(method, path, body) {
  const form = body instanceof FormData;
  const response = await fetch(`/control${path}`, {
    method,
    headers: body && !form ? { "content-type": "application/json" } : {},
    body: body && !form ? JSON.stringify(body) : body,
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error_description || t("portalAnswered", { status: response.status }));
  return answer;
}

/** Follows what happens on the portal. The browser reconnects by itself; a hello says that all may be different. */
export function listen(onNews, onLink) {
  const source = new EventSource("/control/events");
  source.addEventListener("open", () => onLink("live"));
  source.addEventListener("error", () => {
    onLink("lost");
    // A portal that was started anew may refuse a moment; after that the browser gives up.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(onNews, onLink), 2000);
  });
  source.addEventListener("message", (event) => onNews(JSON.parse(event.data)));
}
