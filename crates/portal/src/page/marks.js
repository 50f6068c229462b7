// Likes and reactions: those on a message, and those to choose from.

import { ask } from "./control.js";
import { Icon } from "./icons.js";
import { app, attempt, change, html, nameOf } from "./store.js";
import { list, t } from "./text.js";

const REACTIONS = {
  like: "❤", dislike: "👎", faceWithTearsOfJoy: "😂", redHeart: "❤️", neutralFace: "😐", fire: "🔥", cry: "😢",
  slightlySmilingFace: "🙂", winkingFace: "😉", laugh: "😆", kiss: "😘", wonder: "😮", slightlyFrowningFace: "🙁",
  loudlyCryingFace: "😭", faceWithStuckOutTongue: "😛", faceWithStuckOutTongueAndWinkingEye: "😜",
  smilingFaceWithSunglasses: "😎", confusedFace: "😕", flushedFace: "😳", thinkingFace: "🤔", angry: "😠",
  smilingFaceWithHorns: "😈", faceWithThermometer: "🤒", facepalm: "🤦", poo: "💩", flexedBiceps: "💪",
  clappingHands: "👏", raisedHand: "✋", smilingFaceWithHeartEyes: "😍", smilingFaceWithHearts: "🥰", pleadingFace: "🥺",
  relievedFace: "😌", foldedHands: "🙏", okHand: "👌", signHorns: "🤘", loveYouGesture: "🤟", clownFace: "🤡",
  partyingFace: "🥳", questionMark: "❓", exclamationMark: "❗", lightBulb: "💡", bomb: "💣", sleepingSymbol: "💤",
  crossMark: "❌", whiteHeavyCheckMark: "✅", eyes: "👀", handshake: "🤝", hundredPoints: "💯",
};

/** What a mark is called. Codes that are not known are their own names. */
const titleOf = (code) => (code === "like" ? t("like") : code in REACTIONS ? t(`reaction_${code}`) : code);

/** Sets this person's mark, or takes it back. */
export const markMessage = (message, code) =>
  attempt(() =>
    code === "like"
      ? ask("POST", "/likes", { message: message.id, user: app.me, action: "auto" })
      : ask("POST", "/reactions", { message: message.id, user: app.me, reaction: code, action: "auto" }),
  );

function Mark({ message, code, users }) {
  const names = list(users.map(nameOf));
  const like = code === "like";
  return html`<button
    type="button"
    class=${`mark${like ? " like" : ""}`}
    aria-label=${`${titleOf(code)}: ${names}`}
    title=${`${titleOf(code)}: ${names}`}
    aria-pressed=${String(users.includes(app.me))}
    onClick=${() => markMessage(message, code)}
  >
    ${like ? html`<${Icon} name="heart" filled />` : html`<span class="emoji">${REACTIONS[code] ?? code}</span>`}
    <b>${users.length}</b><span class="names">${names}</span>
  </button>`;
}

export function Marks({ message }) {
  const reactions = Object.entries(message.reactions ?? {});
  if (!message.likes.length && !reactions.length) return null;
  return html`<div class="marks">
    ${message.likes.length > 0 && html`<${Mark} key="like" message=${message} code="like" users=${message.likes} />`}
    ${reactions.map(([code, users]) => html`<${Mark} key=${code} message=${message} code=${code} users=${users} />`)}
  </div>`;
}

/** The button that opens all reactions there are. */
export function Reactions({ message }) {
  const show = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const items = Object.entries(REACTIONS)
      .filter(([code]) => code !== "like")
      .map(([code, symbol]) => ({ label: titleOf(code), symbol, run: () => markMessage(message, code) }));
    const back = event.currentTarget.closest(".message");
    change({ menu: { items, at: { x: box.right, y: box.bottom, right: true }, back, grid: true, label: t("react") } });
  };
  return html`<button type="button" aria-label=${t("react")} title=${t("react")} aria-haspopup="menu" onClick=${show}>
    <${Icon} name="smile" />
  </button>`;
}
