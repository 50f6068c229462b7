// Opens an application's page as the platform does, by a form that is posted into a frame, and hears what it says.

import { ask } from "./control.js";
import { lang } from "./text.js";

const frame = document.querySelector("iframe");
const path = `/applications/${location.pathname.split("/").at(-1)}`;

async function open() {
  const user = new URLSearchParams(location.search).get("user") ?? undefined;
  const { url, fields } = await ask("POST", `${path}/page`, { user, lang });
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: url, target: frame.name, hidden: true });
  for (const [name, value] of Object.entries(fields)) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
  form.remove();
}

const complain = (error) => {
  document.querySelector("p").textContent = error.message;
};

addEventListener("message", async ({ source, data }) => {
  if (source !== frame.contentWindow || data?.portal !== "installFinish") return;
  try {
    await ask("POST", `${path}/finish`);
    parent.postMessage({ portal: "installed" }, location.origin);
  } catch (error) {
    complain(error);
  }
});

open().catch(complain);
