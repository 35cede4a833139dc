// The reader's own zone, where its clock shows something else than what the page says.

const here = document.getElementById("texts")?.dataset.here;
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const TIME = { hour: "2-digit", minute: "2-digit" };

/** As the page writes a day: English without the comma that nobody speaks. */
function dayInWords(instant) {
  const date = instant.toLocaleDateString(language, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  return language === "en-GB" ? date.replace(",", "") : date;
}

export function tellTimes(within) {
  for (const element of within.querySelectorAll("time[datetime]")) {
    if (element.dataset.told) continue;
    element.dataset.told = "yes";
    const [day, time] = element.dateTime.split("T");
    const instant = new Date(element.dateTime);
    const dayHere = instant.toLocaleDateString("sv"); // 2026-03-10, as in the attribute
    const timeHere = instant.toLocaleTimeString(language, TIME);
    const date = dayInWords(instant);
    if (element.dataset.of === "entry") element.textContent = `${date}, ${timeHere}`;
    else if (day !== dayHere) element.append(` (${here}: ${date}, ${timeHere})`);
    else if (!time.startsWith(timeHere)) element.append(` (${timeHere} ${here})`);
  }
}

tellTimes(document);
document.addEventListener("htmx:after:swap", () => tellTimes(document));
