// The words of a turn: which is which, where each is said, and how some of them are marked.

/** The shown words of a turn in order, each with the words [from, to) that the machine heard in its place. */
export function tokensOf(turn) {
  const line = turn.querySelector(".words");
  const times = line.dataset.times.split(" ").map((pair) => pair.split("-").map((part) => part / 100));
  const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  const tokens = [];
  let heard = 0;
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const changed = node.parentElement.closest(".changed");
    for (const text of node.data.split(" ").filter((part) => part !== "")) {
      const [start, end] = times[tokens.length];
      const from = changed ? Number(changed.dataset.from) : heard;
      const to = changed ? Number(changed.dataset.to) : heard + 1;
      if (!changed) heard += 1;
      tokens.push({ text, node, start, end, from, to });
    }
    if (changed) heard = Number(changed.dataset.to);
  }
  return tokens;
}

/** The same with a span for each word, made when it is first needed: a long call has ten thousand of them. */
export function wordsOf(turn) {
  if (turn.words) return turn.words;
  turn.words = tokensOf(turn);
  const nodes = new Map();
  for (const word of turn.words) nodes.set(word.node, [...(nodes.get(word.node) ?? []), word]);
  let number = 0;
  for (const [node, words] of nodes) {
    const left = [...words];
    const parts = node.data.split(/( )/).map((text) => {
      if (text === " " || text === "") return text;
      const word = left.shift();
      word.span = document.createElement("span");
      word.span.textContent = text;
      word.span.dataset.word = number;
      number += 1;
      return word.span;
    });
    node.replaceWith(...parts);
  }
  return turn.words;
}

/** Gives a class to these spans and takes it from those that had it. */
export function marker(name) {
  let marked = [];
  return (spans) => {
    for (const span of marked) if (!spans.includes(span)) span.classList.remove(name);
    for (const span of spans) span.classList.add(name);
    marked = spans;
  };
}

export const light = marker("lit"); // the words of the stretch that was asked for, or that were chosen
export const follow = marker("now"); // the words that are heard now

/** What the page says in the reader's language. */
export const texts = document.getElementById("texts").dataset;
