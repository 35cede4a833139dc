// Draws the call from how loud it is, track by track, and moves in it. What the server counted is enough: the sound
// itself is only loaded when it is played.

import WaveSurfer from "/static/vendor/wavesurfer.js-8.0.1/wavesurfer.esm.js";

const place = document.getElementById("wave");
const media = document.querySelector("audio");
const HEIGHT = 22;

function colours(tracks) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  return tracks.map((party) => {
    const hue = party === "agent" || party === "customer" ? colour(`--${party}`) : colour("--quiet");
    return { height: HEIGHT, waveColor: hue, progressColor: colour("--ink") };
  });
}

async function draw() {
  const answer = await fetch(place.dataset.peaks);
  if (!answer.ok) return; // no sound yet; the player says so
  const { duration_s: duration, peaks } = await answer.json();
  if (!duration) return;
  const parties = place.dataset.tracks.split(" ");
  const tracks = peaks.map((_, channel) => parties[channel]);
  const container = document.createElement("div");
  const wave = WaveSurfer.create({
    container,
    media,
    duration,
    peaks: peaks.map((track) => track.map((loudness) => loudness / 100)),
    height: HEIGHT,
    splitChannels: colours(tracks),
    cursorColor: getComputedStyle(document.documentElement).getPropertyValue("--focus").trim(),
    cursorWidth: 2,
    normalize: true,
    dragToSeek: true,
  });
  // Its style stands in the page's text, which the page's rules for styles forbid: the same rules as a sheet are fine.
  const root = container.firstElementChild.shadowRoot;
  const written = root.querySelector("style");
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(written.textContent);
  written.remove();
  root.adoptedStyleSheets = [sheet];
  place.append(container);
  place.hidden = false;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    wave.setOptions({ splitChannels: colours(tracks) });
  });
}

draw();
