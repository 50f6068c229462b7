// Small drawings, by name. They follow the colour of the text around them.

import { html } from "./store.js";

const PATHS = {
  back: "M15 5l-7 7 7 7",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  clip: "M20 11l-8 8a5 5 0 0 1-7-7l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700L9.700 16.700a1.600 1.600 0 0 1-2.300-2.300L15 7",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v11H9zM5 15V4h10",
  edit: "M4 20l1-4L16 5l3 3L8 19z",
  file: "M7 3h7l4 4v14H7zM14 3v5h4",
  grid: "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z",
  half: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  heart: "M12 20s-7-4.500-7-10a4 4 0 0 1 7-2.500A4 4 0 0 1 19 10c0 5.500-7 10-7 10z",
  inspect: "M8 6l-5 6 5 6M16 6l5 6-5 6M13.500 4l-3 16",
  moon: "M19 14.500A8 8 0 0 1 9.500 5 8 8 0 1 0 19 14.500z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  people: "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 20c0-3.500 2.500-6 6-6s6 2.500 6 6M16 4.500a3.500 3.500 0 0 1 0 6M17 14.500c2.500.500 4 2.500 4 5.500",
  plus: "M12 5v14M5 12h14",
  reply: "M10 7L4 12l6 5v-3.500c5 0 8 1.500 10 4.500-.500-5-4-8.500-10-8.500z",
  reset: "M5 12a7 7 0 1 0 2.500-5.400M5 4v4h4",
  send: "M4 12l16-8-5 16-3-6.500z",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.500 14.500c2 2.400 5 2.400 7 0M9 9.500h.01M15 9.500h.01",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v1.500M12 19.500V21M3 12h1.500M19.500 12H21M5.600 5.600l1 1M17.400 17.400l1 1M18.400 5.600l-1 1M6.600 17.400l-1 1",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13",
};

export const Icon = ({ name, filled }) => html`<svg
  class=${`svg${filled ? " filled" : ""}`}
  viewBox="0 0 24 24"
  width="20"
  height="20"
  aria-hidden="true"
  focusable="false"
>
  <path d=${PATHS[name]} />
</svg>`;
