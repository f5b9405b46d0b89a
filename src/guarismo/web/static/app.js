import { ask, asJson, forget } from "./ask.js";
import { Paper } from "./paper.js";
import { showPhoto } from "./photo.js";
import { WORDS } from "./words.js";

const $ = (id) => document.getElementById(id);
const store = (name, value) => (value === undefined ? localStorage.getItem(name) : localStorage.setItem(name, value));
let language = store("language") ?? (navigator.language.startsWith("es") ? "es" : "en");
let settings = { keeps_corrections: false, reads_numbers: true };
let last = null; // what was last read: { number, drawing, kind, row }
let timer = 0;

const words = () => WORDS[language];

function speak() {
  document.documentElement.lang = language;
  document.documentElement.dataset.key = words().key;
  for (const one of document.querySelectorAll("[data-words]")) one.textContent = words()[one.dataset.words];
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", words()[one.dataset.label]);
  for (const one of document.querySelectorAll("[data-alt]")) one.alt = words()[one.dataset.alt];
  $("language").textContent = language === "en" ? "ES" : "EN";
  $("language").setAttribute("aria-label", language === "en" ? "Español" : "English");
  $("keeping").textContent = settings.keeps_corrections ? words().keeps : words().forgets;
  if (last) {
    tell("", last.number);
    showBars(last.explanation.probabilities, last.number);
  } else if (!paper.strokes.length) $("advice").textContent = words().empty;
  photo.speak();
  showHistory();
}

// ---- tabs

const tabs = ["draw", "photo", "history"];
function open(name) {
  for (const tab of tabs) {
    $(tab).hidden = tab !== name;
    $(`tab-${tab}`).setAttribute("aria-selected", String(tab === name));
    $(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
  }
}
tabs.forEach((name, place) => {
  $(`tab-${name}`).addEventListener("click", () => open(name));
  $(`tab-${name}`).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(place + step + tabs.length) % tabs.length];
    open(next);
    $(`tab-${next}`).focus();
  });
});

// ---- drawing and reading

const kind = () => document.querySelector("input[name=kind]:checked").value;
const paper = new Paper($("paper"), () => {
  clearTimeout(timer);
  timer = setTimeout(read, 15);
  showTools();
});

function showTools() {
  $("undo").disabled = !paper.strokes.length;
  $("redo").disabled = !paper.undone.length;
  $("clear").disabled = !paper.strokes.length;
}

async function read() {
  const drawing = paper.drawing();
  const asked = kind();
  $("kept").textContent = "";
  $("correction").value = "";
  if (!drawing.strokes.length) return showEmpty();
  try {
    const page = await ask(`/v1/strokes?as=${asked}&explain=true`, asJson(drawing), "strokes");
    if (!page) return;
    const number = page.numbers[0];
    last = { number, drawing, kind: asked, explanation: page.explanation, row: remember(number, last?.row) };
    tell("", number);
    showWhy(page.explanation, number, asked);
  } catch (error) {
    complain(asked === "number" && error.status === 503 && !settings.reads_numbers ? words().no_numbers : inShort(error));
  }
}

function showEmpty() {
  forget("strokes");
  last = null;
  $("reading").textContent = "";
  $("status").textContent = "";
  $("status").className = "status";
  $("advice").textContent = words().empty;
  $("seen").hidden = true;
  showBars([], null);
}

function complain(message) {
  last = null;
  $("reading").textContent = "–";
  $("status").textContent = "";
  $("advice").textContent = message;
  $("seen").hidden = true;
  showBars([], null);
}

// The server says what is wrong with a picture; of what is no picture's fault the page has its own words.
const inShort = (error) => words().refused[error.status] ?? (error.status ? error.message : words().offline);

function inWords(number) {
  const sure = number.status === "blank" ? "" : `, ${percent(number.confidence)}`;
  return `${words().status[number.status]}${number.status === "not_a_digit" ? "" : sure}`;
}

const percent = (share) => new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: share > 0.99 && share < 1 ? 2 : 0 }).format(share);

// What is worth showing of a number: the best guess of what is no number is in JSON for who wants it.
const shown = (number) => (number.status === "read" || number.status === "unsure" ? number.text : "–");

// The reading, its status and advice; ``where`` is "" for what was drawn, "photo-" for a picture.
function tell(where, number) {
  const text = shown(number);
  $(`${where}reading`).textContent = text;
  $(`${where}reading`).parentElement.classList.toggle("long", text.length > 6);
  $(`${where}status`).textContent = inWords(number);
  $(`${where}status`).className = `status ${number.status}`;
  $(`${where}advice`).textContent = words().advice[number.status];
}

function showWhy(explanation, number, asked) {
  $("seen").hidden = false;
  $("ink").src = explanation.ink;
  $("ink").classList.toggle("strip", asked === "number");
  showBars(explanation.probabilities, number);
}

function showBars(shares, number) {
  $("bars").parentElement.hidden = !shares.length;
  const best = shares.indexOf(Math.max(...shares));
  $("bars").replaceChildren(...shares.map((share, digit) => {
    const row = document.createElement("li");
    const [name, bar, told] = ["span", "div", "span"].map((tag) => document.createElement(tag));
    name.textContent = String(digit);
    bar.className = "bar";
    bar.append(document.createElement("div"));
    bar.firstChild.style.width = `${100 * share}%`;
    told.textContent = percent(share);
    row.append(name, bar, told);
    row.classList.toggle("best", digit === best && number?.status !== "blank");
    return row;
  }));
}

$("undo").addEventListener("click", () => paper.undo());
$("redo").addEventListener("click", () => paper.redo());
$("clear").addEventListener("click", () => { last = null; paper.clear(); });
$("eraser").addEventListener("click", () => {
  paper.erasing = !paper.erasing;
  $("eraser").setAttribute("aria-pressed", String(paper.erasing));
  $("paper").classList.toggle("erasing", paper.erasing);
});
$("width").addEventListener("input", () => { paper.width = Number($("width").value); paper.show(); });
$("width").addEventListener("change", () => read());
for (const choice of document.querySelectorAll("input[name=kind]")) {
  choice.addEventListener("change", () => {
    $("paper").classList.toggle("wide", kind() === "number");
    paper.width = kind() === "number" ? 18 : 28;
    $("width").value = String(paper.width);
    last = null;
    paper.clear();
  });
}
document.addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.type !== "radio" && event.target.type !== "range") return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
    event.preventDefault();
    return event.shiftKey ? paper.redo() : paper.undo();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || $("draw").hidden) return;
  if (event.key === "Escape") paper.clear();
  if (/^[0-9]$/.test(event.key) && last?.kind === "digit") {
    event.preventDefault();
    return void correct(event.key);
  }
});

// ---- corrections and history

$("correct").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = $("correction").value.trim();
  if (given && $("correction").checkValidity()) void correct(given);
});

async function correct(correction) {
  if (!last) return;
  const { number, drawing } = last;
  const rows = history();
  const own = rows.find((row) => row.row === last.row); // another tab may have added rows, or forgotten them
  if (own) own.correction = correction;
  store("history", JSON.stringify(rows));
  showHistory();
  $("reading").textContent = correction;
  $("correction").value = correction;
  if (!settings.keeps_corrections) return void ($("kept").textContent = words().local);
  const { text: reading, status, confidence } = number;
  try {
    await ask("/v1/corrections", asJson({ correction, reading, status, confidence, drawing }));
    $("kept").textContent = words().saved;
  } catch (error) {
    $("kept").textContent = inShort(error);
  }
}

const history = () => JSON.parse(store("history") ?? "[]");
const MOST_ROWS = 500;

// One row a drawing: while it grows its row is renewed, and not another one added. Gives the row's own number.
function remember(number, row = crypto.getRandomValues(new Uint32Array(1))[0]) {
  const { text, status, confidence } = number;
  const others = history().filter((other) => other.row !== row);
  store("history", JSON.stringify([{ when: new Date().toISOString(), text, status, confidence, row }, ...others].slice(0, MOST_ROWS)));
  showHistory();
  return row;
}

function showHistory() {
  const rows = history();
  $("nothing").hidden = rows.length > 0;
  $("export").disabled = !rows.length;
  $("rows").replaceChildren(...rows.slice(0, 50).map((row) => {
    const line = document.createElement("tr");
    const cells = [new Date(row.when).toLocaleString(language), row.text, words().status[row.status], percent(row.confidence), row.correction ?? ""];
    cells.forEach((text, place) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      if (place === 2) cell.className = row.status;
      line.append(cell);
    });
    return line;
  }));
}

$("export").addEventListener("click", () => {
  const quoted = (value) => `"${String(value ?? "").replaceAll('"', '""')}"`;
  const lines = history().map((row) => [row.when, row.text, row.status, row.confidence, row.correction].map(quoted).join(","));
  const file = new Blob([["when,text,status,confidence,correction", ...lines].join("\n") + "\n"], { type: "text/csv" });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: "guarismo.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
$("forget").addEventListener("click", () => { store("history", "[]"); showHistory(); });

// ---- language, theme, start

$("language").addEventListener("click", () => { language = language === "en" ? "es" : "en"; store("language", language); speak(); });
function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  paper.show();
}
$("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  store("theme", dark === "dark" ? "light" : "dark");
  theme(store("theme"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paper.show());

const photo = showPhoto({ ask, words, inShort, inWords, shown, tell, remember, open });
theme(store("theme"));
showEmpty();
showTools();
speak();
ask("/v1/settings").then((found) => { settings = found; speak(); }).catch(() => {});
