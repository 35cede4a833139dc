// After something was said: leads the reader to it, and says when it could not be sent. What is being written is kept.

import { forgetTurns } from "./player.js";
import { texts } from "./words.js";

const trouble = document.getElementById("trouble");

/** The first field of this part into which somebody has written what is not sent yet. */
export function writtenIn(part) {
  const fields = part.querySelectorAll("textarea, input:not([type=hidden])");
  return [...fields].find((field) => field.value !== field.defaultValue);
}

document.addEventListener("htmx:after:swap", () => {
  forgetTurns();
  const problem = document.querySelector("form > .problem")?.closest("form");
  problem?.querySelector("textarea, select, input:not([type=hidden]), button").focus();
  const told = document.querySelector("#said [data-place]");
  if (!told) return;
  trouble.textContent = "";
  const place = document.getElementById(told.dataset.place);
  told.removeAttribute("data-place");
  const part = place?.closest("[tabindex]") ?? place;
  if (!part) return;
  if (!part.hasAttribute("tabindex")) part.tabIndex = -1;
  part.focus();
});

// An answer that is a page of its own is no part of this one: nobody is signed in here any more, or something does not
// work. The form stays as it was filled in.
document.addEventListener("htmx:after:request", (event) => {
  if (!event.detail.ctx.text.startsWith("<!doctype")) return;
  event.preventDefault();
  refused(event.detail.ctx);
});
document.addEventListener("htmx:error", tellThatItWasNotSent);

async function refused({ response, sourceElement }) {
  if (response.status === 401 || response.raw.redirected) tellThatNobodyIsSignedIn();
  else if (response.status === 403 && (await renew())) sourceElement.requestSubmit();
  else tellThatItWasNotSent();
}

function tellThatItWasNotSent() {
  trouble.textContent = texts.lost;
}

function tellThatNobodyIsSignedIn() {
  const link = document.createElement("a");
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  link.target = "_blank";
  link.textContent = texts.signIn;
  trouble.replaceChildren(`${texts.signedOut} `, link);
}

/** Makes the forms those of the session that has begun since, in another window; false where there is none. */
async function renew() {
  const answer = await fetch(`${location.pathname}/say?target=call`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return false;
  const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = piece.querySelector("[name=csrf]")?.value;
  const fields = [...document.querySelectorAll("[name=csrf]")];
  if (!fresh || fields.every((field) => field.value === fresh)) return false;
  for (const field of fields) field.value = fresh;
  return true;
}

// Whoever leaves the page in the middle of a sentence is asked first, by the browser in its own words.
let isSending = false;
document.addEventListener("submit", (event) => { isSending = !event.defaultPrevented; });
addEventListener("beforeunload", (event) => {
  if (!isSending && writtenIn(document)) event.preventDefault();
});

/** A link to an entry opens what it is folded into. */
function unfold() {
  for (let part = document.getElementById(location.hash.slice(1)); part; part = part.parentElement) {
    if (part instanceof HTMLDetailsElement) part.open = true;
  }
}
addEventListener("hashchange", unfold);
unfold();
