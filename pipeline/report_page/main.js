// The page as a whole: what is open, in which language, in which theme.

function path(code) {
  const entry = area(code);
  if (entry.level === "COUNTRY") return ["UZ"];
  return entry.level === "REGION" ? ["UZ", code] : ["UZ", entry.region, code];
}

function recall() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const language = LANGUAGES.find(([code]) => code.toLowerCase() === (asked.get("lang") || "").toLowerCase());
  if (language) state.language = language[0];
  state.area = asked.get("area") in SUMMARY.areas ? asked.get("area") : "UZ";
  state.at = asked.get("at") || "";
  if (["light", "dark"].includes(asked.get("theme"))) theme(asked.get("theme"));
}

function theme(next) {
  document.documentElement.dataset.theme = next;
}

// Go where the address says: another area or language draws the page anew, another
// section only scrolls. The reader of a screen is put where the sighted one looks.
function follow() {
  const shown = [state.area, state.language].join();
  recall();
  if ([state.area, state.language].join() !== shown) {
    render();
    if (!state.at) window.scrollTo(0, 0);
  }
  const target = document.getElementById(state.at ? `${state.at}-heading` : "title");
  if (target) target.focus({ preventScroll: Boolean(!state.at) });
  if (target && state.at) target.scrollIntoView();
}

const PRECINCTS_OFFERED = 12;

// Every precinct as it is offered: area, number, name and address of its polling place.
function namedPrecincts() {
  const { columns, rows } = SUMMARY.precincts;
  const [region, district, numbered, name, where] = ["region_code", "district_code", "precinct_number", "name", "address"].map((column) => columns.indexOf(column));
  return rows.map((row) => {
    const code = [row[district], row[region]].find((known) => known in SUMMARY.areas) || "UZ";
    const said = [path(code).map(areaName).slice(1).join(" \u203a "), `\u2116 ${row[numbered]}`, row[name], row[where]].filter(Boolean).join(" \u00b7 ");
    return { said, lower: said.toLowerCase(), number: String(row[numbered]), area: code, query: `${row[numbered]} ${row[name] || ""}` };
  });
}

// A number means the precincts that have it; words, those whose area, name or address
// hold them all.
function foundPrecincts(precincts, asked) {
  const words = asked.toLowerCase().replaceAll("\u2116", " ").split(/\s+/).filter(Boolean);
  if (!words.length || (words.join("").length < 3 && !/^\d+$/.test(words[0]))) return [];
  const holds = (precinct) => words.every((word) => (/^\d+$/.test(word) ? precinct.number === word || (words.length > 1 && precinct.lower.includes(word)) : precinct.lower.includes(word)));
  const found = [];
  for (const precinct of precincts) {
    if (holds(precinct)) found.push(precinct);
    if (found.length === PRECINCTS_OFFERED) break;
  }
  return found;
}

function openPrecinct(precinct) {
  if (precinct.area === "UZ") return;
  state.tables[`precincts-${precinct.area}`] = { query: precinct.query, sort: null, all: false };
  const there = address({ area: precinct.area, at: "precincts" });
  if (location.hash === there) render();
  location.hash = there;
}

function areaSearch() {
  const named = Object.keys(SUMMARY.areas).map((code) => [code, code === "UZ" ? areaName(code) : path(code).slice(1).map(areaName).join(" \u203a ")]);
  const offered = node("datalist", { id: "area-names" });
  let precincts = null;
  let found = [];
  const offer = (asked) => {
    if (asked) precincts ??= namedPrecincts();
    found = asked ? foundPrecincts(precincts, asked) : [];
    offered.replaceChildren(...[...named.map(([, name]) => name), ...found.map((precinct) => precinct.said)].map((name) => node("option", { value: name })));
  };
  const choose = (event) => {
    const asked = event.target.value;
    const place = named.find(([, name]) => name === asked);
    const precinct = found.find((one) => one.said === asked);
    if (place) location.hash = address({ area: place[0] });
    else if (precinct) openPrecinct(precinct);
    else offer(asked.trim());
  };
  // Enter takes the first area whose name holds what was typed, else the first precinct.
  const guess = (event) => {
    const asked = event.target.value.trim().toLowerCase();
    if (event.key !== "Enter" || !asked) return;
    const place = named.find(([, name]) => name.toLowerCase().includes(asked));
    offer(asked);
    if (place) location.hash = address({ area: place[0] });
    else if (found.length) openPrecinct(found[0]);
  };
  offer("");
  return [
    node("input", { class: "field area-search", type: "search", list: "area-names", placeholder: text("area_search"), "aria-label": text("area_search"), oninput: choose, onkeydown: guess }),
    offered,
  ];
}

function topBar() {
  const steps = path(state.area);
  const crumbs = steps.flatMap((code, index) => [
    index ? node("span", { class: "sep", "aria-hidden": "true" }, "\u203a") : null,
    index === steps.length - 1 ? node("span", { "aria-current": "page" }, areaName(code)) : node("a", { href: address({ area: code }) }, areaName(code)),
  ]);
  const dark = document.documentElement.dataset.theme === "dark";
  return node(
    "div",
    { class: "bar" },
    node(
      "div",
      { class: "wrap" },
      node("nav", { class: "crumbs", "aria-label": text("area") }, crumbs),
      areaSearch(),
      node("div", { class: "switch", role: "group", "aria-label": text("language") }, LANGUAGES.map(([code, name, short]) => node("a", { href: address({ language: code, at: state.at }), lang: code, title: name, "aria-label": name, "aria-current": state.language === code ? "true" : null }, short))),
      node("button", { class: "plain", type: "button", title: text("theme"), "aria-label": text("theme"), onclick: () => { theme(dark ? "light" : "dark"); render(); } }, dark ? "\u2600" : "\u263e"),
      node("button", { class: "plain", type: "button", onclick: () => window.print() }, text("print")),
    ),
  );
}

function titleBlock() {
  const fact = (name, value) => node("span", {}, text(name), ": ", node("b", {}, value));
  return node(
    "header",
    { class: "title" },
    node("p", { class: "kicker" }, text("subtitle")),
    node("h1", { id: "title", tabindex: "-1" }, text("title")),
    state.area === "UZ" ? null : node("p", { class: "area-name" }, path(state.area).slice(1).map(areaName).join(", ")),
    node("div", { class: "facts" }, fact("election_day", day(SUMMARY.election_date)), fact("as_of", day(SUMMARY.as_of)), fact("version", SUMMARY.version)),
  );
}

// Why the release waits for somebody to look before it becomes current.
function alarmBanner() {
  if (!SUMMARY.alarms.length) return null;
  const told = SUMMARY.alarms.map((alarm) => {
    const share = Math.abs(alarm.now) < 1 && !Number.isInteger(alarm.now);
    const shown = (value) => (share ? percent(value, 1) : number(Math.round(value)));
    const where = alarm.where in SUMMARY.areas ? areaName(alarm.where) : reason("source", alarm.where);
    const known = `alarm_${alarm.code}` in DATA.texts;
    return node("li", {}, known ? text(`alarm_${alarm.code}`, { where, before: shown(alarm.before), now: shown(alarm.now) }) : `${alarm.code}: ${where}`);
  });
  return node("div", { class: "alarm", role: "note" }, node("h2", {}, text("alarm_heading")), node("p", {}, text("alarm_note")), node("ul", {}, told));
}

function contents(sections) {
  const links = sections.filter((made) => made && made.id !== "headline").map((made) => node("li", {}, node("a", { href: address({ at: made.id }) }, text(`nav_${made.id}`))));
  return node("nav", { class: "contents", "aria-label": text("contents") }, node("ul", {}, links));
}

function render() {
  document.documentElement.lang = state.language;
  document.title = `${text("title")} \u2014 ${areaName(state.area)}`;
  const whole = state.area === "UZ" ? [groupSection(), linkageSection(), sourceSection()] : [];
  const sections = [
    headline(), firstSteps(), changeSection(), historySection(), areaSection(), flowSection(), discrepancySection(),
    precinctSection(), voterSection(), ...whole, fileSection(),
  ];
  document.getElementById("page").replaceChildren(
    node("a", { class: "skip", href: address({ at: "first" }) }, text("skip")),
    topBar(),
    node("main", { class: "wrap" }, titleBlock(), alarmBanner(), contents(sections), sections.filter(Boolean), node("footer", {}, node("p", {}, text("aggregates")), node("p", {}, text("small_cells", { limit: number(SUMMARY.limits.small_cell) })))),
  );
}

theme(window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
recall();
window.addEventListener("hashchange", follow);
let shownTheme = null;
window.addEventListener("beforeprint", () => { shownTheme = document.documentElement.dataset.theme; theme("light"); });
window.addEventListener("afterprint", () => { if (shownTheme) theme(shownTheme); });
render();
if (state.at) follow();
