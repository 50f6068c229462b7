// The clipboard.

import { notify } from "./store.js";
import { t } from "./text.js";

export async function copy(text) {
  await navigator.clipboard?.writeText(text);
  notify(t("copied"));
}
