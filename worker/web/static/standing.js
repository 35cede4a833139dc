// Shows where a call stands as it changes, and opens its record once that is there. Only what changed is put in its
// place, so a screen reader reads only what is new. Without this the page has a link that looks again.

import { follow } from "/static/live.js";

const standing = document.getElementById("standing");

const stop = follow(`${location.pathname}/events`, {
  standing({ title, lines, is_moving: isMoving }) {
    document.title = title;
    document.querySelector("h1").textContent = title;
    standing.replaceChildren(...lines.map(paragraph));
    if (!isMoving) {
      stop();
      document.getElementById("moving").remove();
    }
  },
  ready() {
    stop();
    location.reload();
  },
});

function paragraph(line) {
  const element = document.createElement("p");
  element.textContent = line;
  return element;
}
