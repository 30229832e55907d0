// The page as a whole: what is open, in which language, in which theme.

function path(code) {
  const entry = area(code);
  if (entry.level === "COUNTRY") return ["UZ"];
  return entry.level === "REGION" ? ["UZ", code] : ["UZ", entry.region, code];
}

function open(code) {
  state.area = code;
  remember();
  render();
  window.scrollTo(0, 0);
}

function speak(language) {
  state.language = language;
  remember();
  render();
}

function remember() {
  history.replaceState(null, "", `#area=${state.area}&lang=${state.language}`);
}

function recall() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (LANGUAGES.some(([code]) => code === asked.get("lang"))) state.language = asked.get("lang");
  if (asked.get("area") in SUMMARY.areas) state.area = asked.get("area");
  if (["light", "dark"].includes(asked.get("theme"))) document.documentElement.dataset.theme = asked.get("theme");
}

function theme(next) {
  document.documentElement.dataset.theme = next;
}

function areaSearch() {
  const named = Object.keys(SUMMARY.areas).map((code) => [code, code === "UZ" ? areaName(code) : path(code).slice(1).map(areaName).join(" \u203a ")]);
  const choose = (event) => {
    const found = named.find(([, name]) => name === event.target.value);
    if (found) open(found[0]);
  };
  return [
    node("input", { class: "field area-search", type: "search", list: "area-names", placeholder: text("area_search"), "aria-label": text("area_search"), oninput: choose }),
    node("datalist", { id: "area-names" }, named.map(([, name]) => node("option", { value: name }))),
  ];
}

function topBar() {
  const steps = path(state.area);
  const crumbs = steps.flatMap((code, index) => [
    index ? node("span", { class: "sep", "aria-hidden": "true" }, "\u203a") : null,
    index === steps.length - 1 ? node("span", { "aria-current": "page" }, areaName(code)) : node("button", { type: "button", onclick: () => open(code) }, areaName(code)),
  ]);
  const dark = document.documentElement.dataset.theme === "dark";
  return node(
    "div",
    { class: "bar" },
    node(
      "div",
      { class: "wrap" },
      node("nav", { class: "crumbs" }, crumbs),
      areaSearch(),
      node("div", { class: "switch", role: "group", "aria-label": text("language") }, LANGUAGES.map(([code, name]) => node("button", { type: "button", lang: code, title: name, "aria-pressed": String(state.language === code), onclick: () => speak(code) }, code.toUpperCase()))),
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
    node("h1", {}, text("title")),
    state.area === "UZ" ? null : node("p", { class: "area-name" }, path(state.area).slice(1).map(areaName).join(", ")),
    node("div", { class: "facts" }, fact("election_day", day(SUMMARY.election_date)), fact("as_of", day(SUMMARY.as_of)), fact("version", SUMMARY.version)),
  );
}

function render() {
  document.documentElement.lang = state.language;
  document.title = `${text("title")} \u2014 ${areaName(state.area)}`;
  const whole = state.area === "UZ" ? [sourceSection(), linkageSection()] : [];
  document.getElementById("page").replaceChildren(
    topBar(),
    node(
      "main",
      { class: "wrap" },
      titleBlock(),
      headline(),
      firstSteps(),
      areaSection(),
      flowSection(),
      discrepancySection(),
      precinctSection(),
      changeSection(),
      voterSection(),
      whole,
      fileSection(),
      node("footer", {}, text("aggregates")),
    ),
  );
}

theme(window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
recall();
window.addEventListener("hashchange", () => { recall(); render(); });
let shownTheme = null;
window.addEventListener("beforeprint", () => { shownTheme = document.documentElement.dataset.theme; theme("light"); });
window.addEventListener("afterprint", () => { if (shownTheme) theme(shownTheme); });
render();
