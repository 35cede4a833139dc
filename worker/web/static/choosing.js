// Choosing words of a turn, by mouse, finger or keyboard, and opening what can be said of them.

import { playFrom, stop, use } from "./player.js";
import { light, texts, tokensOf, wordsOf } from "./words.js";
import { writtenIn } from "./writing.js";

const word = document.getElementById("word"); // the words chosen by keyboard, for screen readers
const LONGEST_QUOTE = 40;

let chosenIn = null; // the turn whose words are chosen

/** Lets the turn's way to say something lead to these words; the last is included. */
function offer(turn, tokens, first, last) {
  forget();
  const link = turn.querySelector("a.say");
  if (!link) return;
  chosenIn = turn;
  link.dataset.whole ??= link.href;
  link.dataset.words ??= link.textContent;
  const address = new URL(link.dataset.whole);
  address.searchParams.set("first", tokens[first].from);
  address.searchParams.set("last", tokens[last].to - 1);
  link.href = address;
  const quote = tokens.slice(first, last + 1).map((one) => one.text).join(" ");
  const shown = quote.length > LONGEST_QUOTE ? `${quote.slice(0, LONGEST_QUOTE)}…` : quote;
  link.textContent = texts.about.replace("{words}", shown);
  link.classList.add("chosen");
}

function forget() {
  const link = chosenIn?.querySelector("a.say");
  if (link) {
    link.href = link.dataset.whole;
    link.textContent = link.dataset.words;
    link.classList.remove("chosen");
  }
  chosenIn = null;
}

/** How many words of a line stand before a point in it, the one that the point is in not counted. */
function wordsBefore(line, node, offset) {
  const range = document.createRange();
  range.setStart(line, 0);
  range.setEnd(node, offset);
  return range.toString().split(" ").length - 1;
}

// By mouse or finger: whatever is marked, up to the end of the turn in which it begins.
let settled = null;
document.addEventListener("selectionchange", () => {
  clearTimeout(settled);
  settled = setTimeout(() => {
    const marked = getSelection();
    if (marked.isCollapsed || !marked.rangeCount) return;
    const range = marked.getRangeAt(0);
    const begin = range.startContainer.nodeType === Node.TEXT_NODE ? range.startContainer.parentElement : range.startContainer;
    const line = begin.closest(".words");
    if (!line) return;
    const tokens = tokensOf(line.closest(".turn"));
    const text = range.toString();
    if (!text.trim()) return;
    // A mark that begins after a word, or ends before one, does not hold it.
    const first = wordsBefore(line, range.startContainer, range.startOffset) + (text.startsWith(" ") ? 1 : 0);
    const endsHere = line.contains(range.endContainer);
    const last = endsHere ? wordsBefore(line, range.endContainer, range.endOffset) : tokens.length - 1;
    const trimmed = endsHere && text.endsWith(" ") ? last - 1 : last;
    if (first < tokens.length) offer(line.closest(".turn"), tokens, first, Math.max(first, Math.min(trimmed, tokens.length - 1)));
  }, 200);
});

document.addEventListener("click", (event) => {
  const control = event.target.closest(".play");
  if (control) {
    event.preventDefault();
    use(control);
    return;
  }
  const link = event.target.closest("a.say");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && window.htmx) {
    event.preventDefault();
    openFor(link);
    return;
  }
  const turn = event.target.closest(".words")?.closest(".turn");
  if (!turn || !getSelection().isCollapsed) return; // words that are being marked are not to be played
  const words = wordsOf(turn);
  const under = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-word]");
  if (under) playFrom(null, words[Number(under.dataset.word)].start);
});

/** What can be said of the words, put under the link that asked for it. Asked again, it goes, unless it was written in. */
async function openFor(link) {
  const old = document.getElementById("say-here");
  const written = old && writtenIn(old);
  if (written) {
    written.focus();
    return;
  }
  const wasHere = old?.previousElementSibling === link && old.dataset.of === link.href;
  old?.remove();
  if (wasHere) return;
  const place = document.createElement("div");
  place.id = "say-here";
  place.dataset.of = link.href;
  link.after(place);
  await window.htmx.ajax("GET", link.href, { target: place, swap: "innerHTML" });
  if (!place.hasChildNodes()) place.remove(); // nothing came; the page says why
  place.querySelector("summary, button, textarea, input:not([type=hidden])")?.focus();
}

// With a turn's time in focus, the arrows choose a word of it, with Shift several, and Enter plays from the first.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    stop();
    forget();
    light([]);
    if (!event.target.closest?.("textarea, input")) getSelection().removeAllRanges();
    const place = document.getElementById("say-here");
    if (!place || writtenIn(place)) return;
    if (place.contains(document.activeElement)) place.previousElementSibling.focus();
    place.remove();
    return;
  }
  const control = event.target.closest?.(".play");
  if (!control || event.altKey || event.ctrlKey || event.metaKey) return;
  const turn = control.closest(".turn");
  if (turn && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    event.preventDefault();
    const words = wordsOf(turn);
    const isRightToLeft = getComputedStyle(turn.querySelector(".words")).direction === "rtl";
    const step = (event.key === "ArrowRight") === isRightToLeft ? -1 : 1;
    const at = (turn.chosen ??= { anchor: -1, head: -1 });
    at.head = Math.min(words.length - 1, Math.max(0, at.head + step));
    if (!event.shiftKey || at.anchor < 0) at.anchor = at.head;
    const first = Math.min(at.anchor, at.head);
    const last = Math.max(at.anchor, at.head);
    light(words.slice(first, last + 1).map((one) => one.span));
    word.textContent = words.slice(first, last + 1).map((one) => one.text).join(" ");
    offer(turn, words, first, last);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    if (turn?.chosen) playFrom(control, wordsOf(turn)[Math.min(turn.chosen.anchor, turn.chosen.head)].start);
    else use(control);
  }
});
document.addEventListener("focusout", (event) => {
  const turn = event.target.closest?.(".turn");
  if (!turn?.chosen || turn.contains(event.relatedTarget)) return;
  delete turn.chosen;
  forget();
  light([]);
});
