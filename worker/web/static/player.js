// Plays the call from any word, and lights up the words that are heard.

import { follow, light, texts, wordsOf } from "./words.js";

const sound = document.querySelector("audio");
const trouble = document.getElementById("trouble"); // what does not work, for everybody
const heard = document.getElementById("heard"); // the way from a stretch that is playing to its words

let from = 0; // where the sound was last told to play from
let until = null; // where the stretch that was asked for ends; null plays on
let playing = null; // the control that was used
let turns = null; // with their seconds; made anew after a part of the page was put in place

function allTurns() {
  turns ??= [...document.querySelectorAll(".turn")].map((element) => {
    const { start, end } = element.querySelector(".play").dataset;
    return { element, start: Number(start), end: Number(end) };
  });
  return turns;
}
export function forgetTurns() {
  turns = null;
}

/** Plays [start, end), or from start on where end is null. */
function play(control, start, end) {
  playing?.classList.remove("playing");
  playing = control;
  playing?.classList.add("playing");
  from = start;
  until = end;
  sound.currentTime = start;
  sound.play().catch(() => { trouble.textContent = texts.noPlay; });
}

/** Plays the stretch of a statement or a notice and no more, lights its words, and says where they stand. */
function playStretch(control) {
  const start = Number(control.dataset.start);
  const end = Number(control.dataset.end);
  const turn = document.getElementById(control.hash.slice(1))?.closest(".turn");
  light(turn ? wordsOf(turn).filter((one) => one.start < end && one.end > start).map((one) => one.span) : []);
  heard.hidden = !turn;
  if (turn) {
    const link = document.createElement("a");
    link.href = control.hash;
    link.textContent = texts.show;
    heard.replaceChildren(link);
  }
  play(control, start, end);
}

export function playFrom(control, start) {
  light([]);
  heard.hidden = true;
  play(control, start, null);
}

/** Makes ready to play from here without playing: the words [start, end) are lit, and are what sounds first. */
export function arriveAt(start, end) {
  const there = (turn) => turn.start < end && turn.end > start;
  const words = allTurns().filter(there).flatMap((turn) => wordsOf(turn.element));
  light(words.filter((one) => one.start < end && one.end > start).map((one) => one.span));
  from = start;
  sound.currentTime = start;
}

/** What a click on a time does: plays it, or stops what it plays. */
export function use(control) {
  if (control === playing && !sound.paused) sound.pause();
  else if (control.closest(".conversation")) playFrom(control, Number(control.dataset.start));
  else playStretch(control);
}

export function stop() {
  sound.pause();
}

/** Ends a stretch where it ends, and marks what is heard. */
function watch() {
  if (sound.paused) return;
  const time = sound.currentTime;
  if (until !== null && time >= until) {
    sound.pause();
    return;
  }
  const now = allTurns().filter((turn) => turn.start <= time && time < turn.end);
  follow(now.flatMap((turn) => wordsOf(turn.element)).filter((one) => one.start <= time && time < one.end).map((one) => one.span));
}

// The clock of "timeupdate" is too slow to end a stretch at its last word; that of the screen stands still when the
// page is not seen. So both.
function watchEveryFrame() {
  watch();
  if (!sound.paused) requestAnimationFrame(watchEveryFrame);
}
sound.addEventListener("timeupdate", watch);
sound.addEventListener("play", watchEveryFrame);
sound.addEventListener("pause", () => {
  follow([]);
  until = null;
  playing?.classList.remove("playing");
  playing = null;
});
sound.addEventListener("seeking", () => {
  // Somebody moved the player's own handle: from there it plays on.
  if (Math.abs(sound.currentTime - from) > 0.01) until = null;
});

function tellThatThereIsNoSound() {
  trouble.textContent = texts.noSound;
}
if (sound.error) tellThatThereIsNoSound();
sound.addEventListener("error", tellThatThereIsNoSound);

document.getElementById("speed").addEventListener("change", (event) => {
  sound.playbackRate = Number(event.target.value);
});
