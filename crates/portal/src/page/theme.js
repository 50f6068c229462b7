// Light, dark, or as the system says.

export const theme = () => localStorage.getItem("portal.theme") || "auto";

export function setTheme(next) {
  localStorage.setItem("portal.theme", next);
  document.documentElement.dataset.theme = next;
}

document.documentElement.dataset.theme = theme();
