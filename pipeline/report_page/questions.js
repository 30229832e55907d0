// Open questions of the area: whose they are, how old, what to do.

// Open discrepancies of the area, with the entry of the catalogue.
function openCodes() {
  const known = Object.fromEntries(SUMMARY.discrepancies.map((entry) => [entry.code, entry]));
  return Object.entries(area().discrepancies_by_code).map(([code, count]) => ({
    code, count, ages: area().discrepancies_by_age[code], severity: known[code].severity, owner: known[code].owner, rank: SEVERITIES.indexOf(known[code].severity),
  }));
}

function byUrgency(a, b) {
  return a.rank - b.rank || b.count - a.count || (a.code < b.code ? -1 : 1);
}

function bySeverity(codes) {
  const counts = {};
  for (const entry of codes) counts[entry.severity] = (counts[entry.severity] || 0) + entry.count;
  return counts;
}

// Where an owner finds its questions, row by row.
function ownerFiles(owner) {
  const level = area().level;
  const name = `discrepancies_${owner.toLowerCase()}`;
  if (owner !== "COMMISSION") return level === "COUNTRY" ? fileLinks(text("file_owner"), "", name, ["xlsx", "csv"], "p") : null;
  if (level !== "DISTRICT") return node("p", { class: "small muted" }, text("file_owner_district"));
  const [region, district] = folderOf(state.area);
  return fileLinks(text("file_owner"), `${name}/region=${region}/district=${district}/`, name, ["xlsx", "csv"], "p");
}

function firstSteps() {
  const codes = openCodes();
  const offices = OWNERS.map((owner) => {
    const own = codes.filter((entry) => entry.owner === owner).sort(byUrgency);
    const counts = bySeverity(own);
    const total = area().discrepancies_by_owner[owner] || 0;
    const steps = own.slice(0, 3).map((entry) =>
      node("li", {}, node("b", { class: entry.severity }, number(entry.count)), node("span", {}, meaning(entry.code)), node("span", { class: "do" }, action(entry.code))),
    );
    return node(
      "div",
      { class: "panel office" },
      node("h3", {}, node("span", {}, reason("owner", owner)), total ? figure(`areas.${state.area}.discrepancies_by_owner.${owner}`, total) : null),
      total ? [severityStack(counts), severityKeys(counts), node("ol", {}, steps), ownerFiles(owner)] : node("p", { class: "muted" }, text("nothing_to_do")),
    );
  });
  return section("first", text("first_heading"), text("first_note"), node("div", { class: "columns offices" }, offices));
}

function ageKeys() {
  return node("div", { class: "keys" }, AGES.map((age, index) => node("span", {}, node("i", { class: `age-${index}` }), ageName(age))));
}

function ageName(age) {
  return age === "1" ? text("releases_1") : `${age.replace("-", "\u2013")} ${text("releases")}`;
}

// The most frequent codes, each bar cut by how many releases its questions are open.
function codesByAge(codes) {
  const most = [...codes].sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)).slice(0, 12);
  const rows = most.map((entry) => [
    [meaning(entry.code), " ", node("span", { class: "code" }, entry.code)],
    entry.ages.map((count, index) => [count, `age-${index}`]),
    `areas.${state.area}.discrepancies_by_code.${entry.code}`,
  ]);
  return panel(text("by_code_and_age"), node("p", { class: "muted small" }, text("by_code_and_age_note")), ageKeys(), node("div", { class: "wide-bars" }, bars(rows)));
}

function severityByAge(codes) {
  return AGES.map((age, index) => [
    ageName(age), SEVERITIES.map((severity) => [sum(codes.filter((entry) => entry.severity === severity).map((entry) => entry.ages[index])), severity]), null,
  ]);
}

function ownersBySeverity(codes) {
  return OWNERS.map((owner) => {
    const counts = bySeverity(codes.filter((entry) => entry.owner === owner));
    return [reason("owner", owner), SEVERITIES.map((code) => [counts[code] || 0, code]), owner in area().discrepancies_by_owner ? `areas.${state.area}.discrepancies_by_owner.${owner}` : null];
  });
}

function questionTable(codes) {
  const shown = codes.filter((entry) => !state.owner || entry.owner === state.owner);
  const choose = (owner) => () => { state.owner = owner; render(); };
  const filters = node(
    "div",
    { class: "switch", role: "group", "aria-label": text("owner") },
    [null, ...OWNERS].map((owner) => node("button", { type: "button", "aria-pressed": String(state.owner === owner), onclick: choose(owner) }, text(owner ? `owner_${owner}` : "all_owners"))),
  );
  const old = (row) => row.ages[2] + row.ages[3];
  const columns = [
    { key: "rank", title: text("severity"), show: (row) => node("span", { class: `badge ${row.severity}` }, reason("severity", row.severity)), plain: (row) => reason("severity", row.severity) },
    { key: "code", lead: true, title: text("meaning"), show: (row) => [meaning(row.code), node("span", { class: "code block" }, row.code, node("span", { class: "ground" }, ground(row.code)))], plain: (row) => `${row.code} ${meaning(row.code)} ${ground(row.code)}` },
    { key: "owner", title: text("owner"), show: (row) => node("span", { title: reason("owner", row.owner) }, text(`owner_${row.owner}`)), plain: (row) => reason("owner", row.owner) },
    { key: "count", title: text("count"), kind: "number", bar: true, show: (row) => figure(`areas.${state.area}.discrepancies_by_code.${row.code}`, row.count, "span") },
    { key: "old", title: text("old"), kind: "number", minor: true },
    { key: "action", kind: "action", title: text("action"), show: (row) => action(row.code), plain: (row) => action(row.code) },
  ];
  const rows = [...shown].sort(byUrgency).map((row) => ({ ...row, old: old(row) }));
  return table("discrepancies", columns, rows, { filters, stacked: true, shown: 15 });
}

function discrepancySection() {
  const codes = openCodes();
  const resolved = ranked(area().resolved_by).map(([code, count]) => [reason("resolution", code), [[count, "b-listed"]], `areas.${state.area}.resolved_by.${code}`]);
  return section(
    "discrepancies",
    text("discrepancies_heading"),
    text("discrepancies_note"),
    node(
      "div",
      { class: "columns" },
      panel(text("by_owner"), bars(ownersBySeverity(codes)), severityKeys(bySeverity(codes))),
      panel(text("by_age"), bars(severityByAge(codes))),
      resolved.length ? panel(text("resolved_heading"), node("p", { class: "small muted" }, text("resolved"), ": ", areaFigure("resolved")), bars(resolved)) : null,
    ),
    codes.length ? codesByAge(codes) : null,
    panel(null, questionTable(codes)),
  );
}
