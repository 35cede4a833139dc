// The page of a package comes to life: it plays from any word and any time. It reads well without this.

document.documentElement.classList.add("scripted");
for (const control of document.querySelectorAll(".play")) control.setAttribute("role", "button");

document.addEventListener("click", (event) => {
  const control = event.target.closest(".play");
  if (control) {
    event.preventDefault();
    use(control);
    return;
  }
  const turn = event.target.closest(".words")?.closest(".turn");
  if (!turn || !getSelection().isCollapsed) return;
  const at = event.target.dataset.word; // of a word that has a span already
  const words = wordsOf(turn);
  const word = at ? words[Number(at)] : wordAt(words, event);
  if (word) playFrom(turn.querySelector(".play"), word.start);
});

/** The word of a turn that stands where the reader pointed. */
function wordAt(words, { clientX, clientY }) {
  const holds = (box) => box.left <= clientX && clientX <= box.right && box.top <= clientY && clientY <= box.bottom;
  return words.find(({ span }) => [...span.getClientRects()].some(holds));
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stop();
  if (event.key !== " " || !event.target.matches(".play")) return;
  event.preventDefault();
  use(event.target);
});

// A page that was opened at a place, or is printed, shows what is folded there.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
});
