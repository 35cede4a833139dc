// Who comes from a search finds the sound at the words that were found, and these words lit.

import { arriveAt } from "./player.js";

const asked = new URLSearchParams(location.search);
const start = Number.parseFloat(asked.get("from"));
const end = Number.parseFloat(asked.get("to"));
if (start >= 0 && end >= start) arriveAt(start, end);
