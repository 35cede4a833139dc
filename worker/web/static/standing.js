// Looks again where a call stands, every few seconds, and opens its record once that is there. Without this the page
// has a link that does the same. Nothing is reloaded that did not change, so a screen reader reads only what is new.

const EVERY_MS = 5000;
document.documentElement.classList.add("scripted");

async function look() {
  try {
    const response = await fetch(location.href, { cache: "no-store", headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const now = page.getElementById("standing");
    const shown = document.getElementById("standing");
    if (!now || page.title !== document.title) {
      location.reload();
      return;
    }
    if (now.textContent !== shown.textContent) shown.replaceChildren(...now.childNodes);
  } catch {
    // Out of reach for a moment: what is shown still holds, and the next look may come through.
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
