// Says in one quiet line what somebody else has just put into this record. Nothing moves and nothing is loaded again
// until the reader asks for it.

import { follow } from "/static/live.js";

const news = document.getElementById("news");

function entry({ text, number }) {
  const line = document.createElement("a");
  line.href = `#entry-${number}`;
  line.textContent = news.dataset.show;
  line.addEventListener("click", () => setTimeout(() => location.reload()));
  news.replaceChildren(`${text} `, line);
  news.hidden = false;
}

follow(news.dataset.events, { entry }, news.dataset.after);
