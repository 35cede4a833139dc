// Listens to what happens to a call while its page is in view. A page that nobody sees lets go of its connection: a
// browser has only a few for each site.

const AGAIN_MS = 30_000;

document.documentElement.classList.add("scripted");

// Calls the handler of each event that comes from this address, with its data; gives a function that ends it. ``last``
// is the number of the entry up to which the page is told already.
export function follow(address, handlers, last = "") {
  let source = null;
  let waiting = null;

  function open() {
    clearTimeout(waiting);
    if (source || document.hidden) return;
    source = new EventSource(last ? `${address}?after=${last}` : address);
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        last = event.lastEventId || last;
        handle(JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      close();
      waiting = setTimeout(open, AGAIN_MS);
    });
  }

  function close() {
    clearTimeout(waiting);
    source?.close();
    source = null;
  }

  function turn() {
    if (document.hidden) close();
    else open();
  }

  document.addEventListener("visibilitychange", turn);
  open();
  return () => {
    document.removeEventListener("visibilitychange", turn);
    close();
  };
}
