// Everything the page says, in the language chosen.

import en from "./lang/en.js";
import ru from "./lang/ru.js";

const LANGUAGES = { en, ru };

const known = (language) => (language in LANGUAGES ? language : undefined);

export let lang =
  known(localStorage.getItem("portal.lang")) ??
  navigator.languages.map((one) => known(one.slice(0, 2))).find(Boolean) ??
  "en";

export function setLang(next) {
  lang = known(next) ?? "en";
  document.documentElement.lang = lang;
  localStorage.setItem("portal.lang", lang);
}

document.documentElement.lang = lang;

/** A text with `{name}`s filled in. Of one that has plural forms, the form that `n` asks for. */
export function t(key, values = {}) {
  let text = LANGUAGES[lang][key] ?? en[key] ?? key;
  if (typeof text === "object") text = text[new Intl.PluralRules(lang).select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const list = (names) => new Intl.ListFormat(lang, { type: "conjunction" }).format(names);
export const clockTime = (date) => new Date(date).toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" });
export const fullTime = (date) => new Date(date).toLocaleString(lang);
export const number = (value) => new Intl.NumberFormat(lang).format(value);

/** Today, yesterday, or the date. */
export function day(date) {
  const then = new Date(date);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0 || days === 1) {
    const word = new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(-days, "day");
    return word[0].toLocaleUpperCase(lang) + word.slice(1);
  }
  const year = then.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return then.toLocaleDateString(lang, { weekday: "long", day: "numeric", month: "long", year });
}

export function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let index = 0;
  let value = Number(bytes) || 0;
  while (value >= 1000 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  return new Intl.NumberFormat(lang, { style: "unit", unit: units[index], maximumFractionDigits: index ? 1 : 0 }).format(value);
}
