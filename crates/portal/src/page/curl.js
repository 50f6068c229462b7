// Requests as commands to paste into a terminal. Where a secret was masked there is a placeholder to fill in.

/** As one argument of a shell. */
const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

const command = (url, type, body) =>
  [`curl -i ${quoted(url)}`, `  -H ${quoted(`Content-Type: ${type}`)}`, `  --data-raw ${quoted(body)}`].join(" \\\n");

const placeholder = (name) => `<${name.replace(/.*\[|\]$/g, "").toLowerCase()}>`;

/** A form or query with its masked values named. */
const fill = (form) =>
  form
    .split("&")
    .map((pair) => {
      const [name, value] = pair.split("=");
      return value === "%2A%2A%2A" ? `${name}=${placeholder(decodeURIComponent(name))}` : pair;
    })
    .join("&");

const fillUrl = (url) => (url.includes("?") ? `${url.split("?")[0]}?${fill(url.slice(url.indexOf("?") + 1))}` : url);

/** The event as it was posted. */
export const deliveryAsCurl = ({ url, body }) => command(fillUrl(url), "application/x-www-form-urlencoded", fill(body ?? ""));

function fillParams(value, name = "") {
  if (value === "***") return placeholder(name);
  // A call in a batch is a query of its own.
  if (typeof value === "string" && /^[\w.]+\?/.test(value)) return fillUrl(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((one) => fillParams(one, name));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fillParams(one, key)]));
}

/** A call with the same parameters, as JSON. */
export const requestAsCurl = ({ path, params }) =>
  command(location.origin + path.replace("***", "<secret>"), "application/json", JSON.stringify(fillParams(params), null, 2));
