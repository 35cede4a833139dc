// After something was said: leads the reader to it, and says when it could not be sent.

import { forgetTurns } from "./player.js";
import { texts } from "./words.js";

document.addEventListener("htmx:after:swap", () => {
  forgetTurns();
  const refused = document.querySelector("form > .problem")?.closest("form");
  refused?.querySelector("textarea, select, input:not([type=hidden]), button").focus();
  const told = document.querySelector("#said [data-place]");
  if (!told) return;
  const place = document.getElementById(told.dataset.place);
  told.removeAttribute("data-place");
  const part = place?.closest("[tabindex]") ?? place;
  if (!part) return;
  if (!part.hasAttribute("tabindex")) part.tabIndex = -1;
  part.focus();
});

document.addEventListener("htmx:error", () => {
  document.getElementById("said").textContent = texts.lost;
  document.getElementById("trouble").textContent = texts.lost;
});

/** A link to an entry opens what it is folded into. */
function unfold() {
  for (let part = document.getElementById(location.hash.slice(1)); part; part = part.parentElement) {
    if (part instanceof HTMLDetailsElement) part.open = true;
  }
}
addEventListener("hashchange", unfold);
unfold();
