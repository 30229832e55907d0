// The page's data, language and small tools for building elements. Text goes in as text
// nodes only, so nothing in the figures can become markup.
const DATA = JSON.parse(document.getElementById("data").textContent);
const SUMMARY = DATA.summary;
const LANGUAGES = [["uz", "Oʻzbekcha", "Oʻz"], ["uz-Cyrl", "Ўзбекча", "Ўз"], ["ru", "Русский", "Ру"], ["en", "English", "En"]];
const AGES = ["1", "2-7", "8-30", "31+"];
const SEVERITIES = ["BLOCKING", "HIGH", "MEDIUM", "LOW"];
const OWNERS = ["COMMISSION", "MIA", "CADASTRE", "CEC"];
const SOURCE_OFFICES = ["mia", "cadastre", "cec", "reference"];
const state = { language: "uz", area: "UZ", at: "", owner: null, tables: {} };

function text(key, values = {}) {
  const words = DATA.texts[key];
  const said = words ? words[LANGUAGES.findIndex(([code]) => code === state.language)] : key;
  return said.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

function translated(words) {
  return words[LANGUAGES.findIndex(([code]) => code === state.language)];
}

// What a code means; a code without an entry is shown as it is.
function reason(kind, code) {
  const words = DATA.reasons[kind] && DATA.reasons[kind][code];
  return words ? translated(words) : code;
}

function reasonOfAny(kinds, code) {
  const kind = kinds.find((name) => DATA.reasons[name] && DATA.reasons[name][code]);
  return kind ? reason(kind, code) : code;
}

// A rule is named after the fact it asserts; what is told is that a row breaks it.
function brokenRule(rule) {
  if (DATA.texts[`rule_${rule}`]) return text(`rule_${rule}`);
  const known = /^(\w+?)_(given|known|possible|unique|is_number|in_range|well_formed)$/.exec(rule);
  return known ? text(`rule_${known[2]}`, { column: known[1] }) : rule.replaceAll("|", ", ");
}

function meaning(code) {
  const entry = DATA.catalogue[code];
  return entry ? translated(entry.meaning) : code;
}

function ground(code) {
  const entry = DATA.catalogue[code];
  return entry ? translated(entry.ground) : "";
}

function action(code) {
  const entry = DATA.catalogue[code];
  return entry ? translated(entry.action) : "";
}

// Groups of three by a narrow no-break space, by a comma in English; never by Intl, whose
// Uzbek differs between browsers.
function number(value) {
  const mark = state.language === "en" ? "," : "\u202f";
  return String(Math.abs(value)).replace(/\B(?=(\d{3})+$)/g, mark).replace(/^/, value < 0 ? "\u2212" : "");
}

function percent(part, whole) {
  if (!whole) return "\u2013";
  const share = (100 * part) / whole;
  const edge = share > 0 && share < 0.1 ? "<0.1" : share < 100 && share > 99.9 ? ">99.9" : share.toFixed(1);
  return (state.language === "en" ? edge : edge.replace(".", ",")) + "\u202f%";
}

function day(iso) {
  if (!iso) return "\u2013";
  const [y, m, d] = iso.split("-");
  return text("date_order", { y, m: text("months").split(",")[Number(m) - 1], d: String(Number(d)) });
}

function node(name, attributes, ...children) {
  const svg = ["svg", "path", "rect", "line", "circle", "text", "tspan", "g", "title"].includes(name);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "style") Object.assign(made.style, value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) {
      made.append(child instanceof Node ? child : String(child));
    }
  }
  return made;
}

function signed(value) {
  return (value > 0 ? "+" : "") + number(value);
}

// Day and month as figures, for axes: 05.11.
function shortDay(iso) {
  const [, m, d] = iso.split("-");
  return `${d}.${m}`;
}

function figureDay(iso) {
  return iso ? `${shortDay(iso)}.${iso.slice(0, 4)}` : "\u2013";
}

// Round steps from zero or from below the least value, at most `most` of them.
function ticks(least, largest, most = 4) {
  const raw = Math.max(1, (largest - least) / most);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, [1, 2, 5, 10].find((times) => times * power >= raw) * power);
  const from = Math.floor(least / step) * step;
  const marks = [];
  for (let mark = from; mark < largest + step; mark += step) marks.push(mark);
  return marks;
}

// A number that a test can trace to summary.json: its path stands beside it.
function figure(path, value, tag = "b") {
  return node(tag, { "data-figure": path, "data-value": value }, number(value));
}

function areaFigure(name, tag) {
  return figure(`areas.${state.area}.${name}`, area()[name], tag);
}

function area(code = state.area) {
  return SUMMARY.areas[code];
}

function areaName(code) {
  const entry = SUMMARY.areas[code];
  if (code === "UZ") return text("country");
  if (entry.name_uz === null) return text(entry.level === "REGION" ? "no_region" : "no_district");
  if (state.language === "uz-Cyrl") return DATA.names[code];
  return state.language === "ru" ? entry.name_ru : entry.name_uz;
}

function children(code = state.area) {
  const level = code === "UZ" ? "REGION" : "DISTRICT";
  return Object.keys(SUMMARY.areas).filter(
    (key) => SUMMARY.areas[key].level === level && (code === "UZ" || SUMMARY.areas[key].region === code),
  );
}

// The address of this page with another area, language or section open.
function address(changes) {
  const { area: code, language, at } = { ...state, at: "", ...changes };
  const parts = [["area", code], ["lang", language], ["at", at]].filter(([, value]) => value);
  return "#" + parts.map(([key, value]) => `${key}=${value}`).join("&");
}

// Sources by office, those that must be there first.
function sources() {
  const rank = ([name, entry]) => [SOURCE_OFFICES.indexOf(name.split("/")[0]), entry.is_required ? 0 : 1, name].join(" ");
  return Object.entries(SUMMARY.sources).sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

// Codes with their counts, the most frequent first; ties by code.
function ranked(counts) {
  return Object.entries(counts).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
