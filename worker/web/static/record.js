// Plays the call from any word, and lights up the words that are heard. The page reads well without this.

const root = document.documentElement;
const sound = document.querySelector("audio");
const trouble = document.getElementById("trouble"); // what does not work, for everybody
const heard = document.getElementById("heard"); // the way from a stretch that is playing to its words
const word = document.getElementById("word"); // the word chosen by keyboard, for screen readers
root.classList.add("scripted");
for (const control of document.querySelectorAll(".play")) control.setAttribute("role", "button");

const turns = [...document.querySelectorAll(".turn")].map((element) => {
  const { start, end } = element.querySelector(".play").dataset;
  return { element, start: Number(start), end: Number(end) };
});

/** The words of a turn as spans, made when they are first needed: a long call has ten thousand of them. */
function wordsOf(turn) {
  if (turn.words) return turn.words;
  const line = turn.querySelector(".words");
  const times = line.dataset.times.split(" ").map((pair) => pair.split("-").map((part) => part / 100));
  const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (texts.nextNode()) nodes.push(texts.currentNode);
  turn.words = [];
  for (const node of nodes) {
    const parts = node.data.split(/( )/).map((text) => {
      if (text === " " || text === "") return text;
      const span = document.createElement("span");
      const [start, end] = times[turn.words.length];
      span.textContent = text;
      span.dataset.word = turn.words.length;
      turn.words.push({ span, start, end });
      return span;
    });
    node.replaceWith(...parts);
  }
  return turn.words;
}

/** Gives a class to these spans and takes it from those that had it. */
function marker(name) {
  let marked = [];
  return (spans) => {
    for (const span of marked) if (!spans.includes(span)) span.classList.remove(name);
    for (const span of spans) span.classList.add(name);
    marked = spans;
  };
}
const light = marker("lit"); // the words of the stretch that was asked for, or the word that was chosen
const follow = marker("now"); // the words that are heard now

let from = 0; // where the sound was last told to play from
let until = null; // where the stretch that was asked for ends; null plays on
let playing = null; // the control that was used

/** Plays [start, end), or from start on where end is null. */
function play(control, start, end) {
  playing?.classList.remove("playing");
  playing = control;
  playing?.classList.add("playing");
  from = start;
  until = end;
  sound.currentTime = start;
  sound.play().catch(() => { trouble.textContent = "The sound cannot be played here."; });
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
    link.textContent = "Show these words in the conversation";
    heard.replaceChildren(link);
  }
  play(control, start, end);
}

function playFrom(control, start) {
  light([]);
  heard.hidden = true;
  play(control, start, null);
}

document.addEventListener("click", (event) => {
  const control = event.target.closest(".play");
  if (control) {
    event.preventDefault();
    if (control === playing && !sound.paused) sound.pause();
    else if (control.closest(".conversation")) playFrom(control, Number(control.dataset.start));
    else playStretch(control);
    return;
  }
  const turn = event.target.closest(".words")?.closest(".turn");
  if (!turn || !getSelection().isCollapsed) return; // words that are being marked are not to be played
  const words = wordsOf(turn);
  const under = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-word]");
  if (under) playFrom(null, words[Number(under.dataset.word)].start);
});

// With a turn's time in focus, the arrows choose a word of it, and Enter or the space bar plays from there.
document.addEventListener("keydown", (event) => {
  const control = event.target.closest?.(".play");
  if (!control || event.altKey || event.ctrlKey || event.metaKey) return;
  const turn = control.closest(".turn");
  if (turn && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    event.preventDefault();
    const words = wordsOf(turn);
    const isRightToLeft = getComputedStyle(turn.querySelector(".words")).direction === "rtl";
    const step = (event.key === "ArrowRight") === isRightToLeft ? -1 : 1;
    turn.chosen = Math.min(words.length - 1, Math.max(0, (turn.chosen ?? -1) + step));
    light([words[turn.chosen].span]);
    word.textContent = words[turn.chosen].span.textContent;
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    if (turn?.chosen === undefined) control.click();
    else playFrom(control, wordsOf(turn)[turn.chosen].start);
  }
});
document.addEventListener("focusout", (event) => {
  const turn = event.target.closest?.(".turn");
  if (turn?.chosen === undefined) return;
  delete turn.chosen;
  light([]);
});

/** Ends a stretch where it ends, and marks what is heard. */
function watch() {
  if (sound.paused) return;
  const time = sound.currentTime;
  if (until !== null && time >= until) {
    sound.pause();
    return;
  }
  const now = turns.filter((turn) => turn.start <= time && time < turn.end);
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
  trouble.textContent = "There is no sound to listen to for this call yet.";
}
if (sound.error) tellThatThereIsNoSound();
sound.addEventListener("error", tellThatThereIsNoSound);

document.getElementById("speed").addEventListener("change", (event) => {
  sound.playbackRate = Number(event.target.value);
});

// The reader's own zone, where its clock shows something else than that of the call.
for (const element of document.querySelectorAll("time")) {
  const [day, time] = element.dateTime.split("T");
  const here = new Date(element.dateTime);
  const dayHere = here.toLocaleDateString("sv"); // 2026-03-10, as in the attribute
  const timeHere = here.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const date = here.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });
  if (day !== dayHere) element.append(` (where you are: ${date}, ${timeHere})`);
  else if (!time.startsWith(timeHere)) element.append(` (${timeHere} where you are)`);
}
