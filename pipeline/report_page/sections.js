// The sections of the page, each a function of the area that is open.

function section(id, heading, note, ...content) {
  return node("section", { id }, node("h2", {}, heading), note ? node("p", {}, note) : null, content);
}

function panel(heading, ...content) {
  return node("div", { class: "panel" }, heading ? node("h3", {}, heading) : null, content);
}

// Open discrepancies of the area, with the entry of the catalogue.
function openCodes() {
  const known = Object.fromEntries(SUMMARY.discrepancies.map((entry) => [entry.code, entry]));
  return Object.entries(area().discrepancies_by_code).map(([code, count]) => ({
    code, count, severity: known[code].severity, owner: known[code].owner, rank: SEVERITIES.indexOf(known[code].severity),
  }));
}

function bySeverity(codes) {
  const counts = {};
  for (const entry of codes) counts[entry.severity] = (counts[entry.severity] || 0) + entry.count;
  return counts;
}

function headline() {
  const here = area();
  const step = (name, kind, ...lines) =>
    node("div", { class: kind }, node("div", { class: "label" }, text(name)), node("div", { class: "number" }, areaFigure(name, "span")), node("ul", {}, lines));
  const less = (name) => node("li", {}, node("b", {}, "\u2212\u202f", areaFigure(name, "span")), " ", text(name));
  const differs = here.voters !== here.listed || here.arrived > 0;
  return node(
    "section",
    { id: "headline" },
    node(
      "div",
      { class: "chain" },
      step("rows", "", node("li", {}, text("rows_note"))),
      step("persons", "", less("repeated"), less("quarantined")),
      step("eligible", "", less("ineligible")),
      step("listed", "final", less("unplaced"), node("li", { class: "good" }, node("b", {}, percent(here.listed, here.eligible)), " ", text("share_listed"))),
    ),
    differs
      ? node(
          "div",
          { class: "aside small" },
          node("span", {}, text("voters_here"), ": ", areaFigure("voters")),
          node("span", {}, text("of_them_arrived"), ": ", areaFigure("arrived")),
          node("span", {}, text("listed_elsewhere"), ": ", areaFigure("listed_elsewhere")),
        )
      : null,
  );
}

function firstSteps() {
  const codes = openCodes();
  const offices = OWNERS.map((owner) => {
    const own = codes.filter((entry) => entry.owner === owner).sort((a, b) => a.rank - b.rank || b.count - a.count || (a.code < b.code ? -1 : 1));
    const counts = bySeverity(own);
    const total = area().discrepancies_by_owner[owner] || 0;
    return node(
      "div",
      { class: "panel office" },
      node("h3", {}, node("span", {}, reason("owner", owner)), figure(`areas.${state.area}.discrepancies_by_owner.${owner}`, total)),
      total ? [severityStack(counts), severityKeys(counts)] : node("p", { class: "muted" }, text("nothing_to_do")),
      node(
        "ol",
        {},
        own.slice(0, 3).map((entry) =>
          node("li", {}, node("b", { class: entry.severity }, number(entry.count)), node("span", {}, meaning(entry.code)), node("span", { class: "do" }, action(entry.code))),
        ),
      ),
    );
  });
  return section("first", text("first_heading"), text("first_note"), node("div", { class: "columns offices" }, offices));
}

function ledger() {
  const here = area();
  const rows = [];
  const step = (name) => rows.push({ step: text(name), count: here[name], share: here[name], rowClass: "step", path: name });
  const part = (label, count, path) => rows.push({ step: `\u2212 ${label}`, count, share: count, rowClass: "part", path });
  step("rows");
  for (const [code, count] of ranked(here.quarantined_by_rule)) part(`${text("quarantined")}: ${brokenRule(code)}`, count, `quarantined_by_rule.${code}`);
  part(text("repeated"), here.repeated, "repeated");
  step("persons");
  for (const [code, count] of ranked(here.ineligible_by_ground)) part(reason("ground", code), count, `ineligible_by_ground.${code}`);
  step("eligible");
  for (const [code, count] of ranked(here.unplaced_by_reason)) part(reason("unplaced", code), count, `unplaced_by_reason.${code}`);
  step("listed");
  const columns = [
    { key: "step", title: text("ledger_step") },
    { key: "count", title: text("ledger_count"), kind: "number", show: (row) => figure(`areas.${state.area}.${row.path}`, row.count, "span") },
    { key: "share", title: text("ledger_share"), kind: "number", show: (row) => percent(row.count, here.rows), plain: (row) => percent(row.count, here.rows) },
  ];
  return table("ledger", columns, rows);
}

function flowSection() {
  return section("flow", text("flow_heading"), text("flow_note"), node("div", { class: "panel wide-only" }, flow()), panel(null, ledger()));
}

function discrepancySection() {
  const codes = openCodes();
  const shown = codes.filter((entry) => !state.owner || entry.owner === state.owner);
  const choose = (owner) => () => { state.owner = owner; render(); };
  const filters = node(
    "div",
    { class: "switch" },
    [null, ...OWNERS].map((owner) => node("button", { type: "button", "aria-pressed": String(state.owner === owner), onclick: choose(owner) }, text(owner ? `owner_${owner}` : "all_owners"))),
  );
  const columns = [
    { key: "rank", title: text("severity"), show: (row) => node("span", { class: `badge ${row.severity}` }, reason("severity", row.severity)), plain: (row) => reason("severity", row.severity) },
    { key: "code", lead: true, title: text("meaning"), show: (row) => [meaning(row.code), " ", node("span", { class: "code" }, row.code)], plain: (row) => `${row.code} ${meaning(row.code)}` },
    { key: "owner", title: text("owner"), show: (row) => node("span", { title: reason("owner", row.owner) }, text(`owner_${row.owner}`)), plain: (row) => reason("owner", row.owner) },
    { key: "count", title: text("count"), kind: "number", bar: true, show: (row) => figure(`areas.${state.area}.discrepancies_by_code.${row.code}`, row.count, "span") },
    { key: "action", title: text("action"), show: (row) => action(row.code), plain: (row) => action(row.code) },
  ];
  const ordered = [...shown].sort((a, b) => a.rank - b.rank || b.count - a.count || (a.code < b.code ? -1 : 1));
  const owners = OWNERS.map((owner) => {
    const counts = bySeverity(codes.filter((entry) => entry.owner === owner));
    return [reason("owner", owner), SEVERITIES.map((code) => [counts[code] || 0, code]), `areas.${state.area}.discrepancies_by_owner.${owner}`];
  });
  const ages = ["1", "2-7", "8-30", "31+"].map((age) => [
    age === "1" ? text("releases_1") : `${age.replace("-", "\u2013")} ${text("releases")}`,
    SEVERITIES.map((severity) => [sum(SUMMARY.discrepancies.filter((entry) => entry.severity === severity).map((entry) => entry.releases[age])), severity]),
    null,
  ]);
  return section(
    "discrepancies",
    text("discrepancies_heading"),
    text("discrepancies_note"),
    node("div", { class: "columns" }, panel(text("by_owner"), bars(owners), severityKeys(bySeverity(codes))), state.area === "UZ" ? panel(text("by_age"), bars(ages)) : null),
    panel(null, table("discrepancies", columns, ordered, { filters, stacked: true, shown: 15 })),
  );
}

function precinctSection() {
  const here = area();
  const { precinct_voters_min: least, precinct_voters_max: most } = SUMMARY.limits;
  const limits = { min: number(least), max: number(most) };
  const inArea = (row) => state.area === "UZ" || row.region_code === state.area || row.district_code === state.area;
  const rows = SUMMARY.precincts_outside_limits.filter(inArea).map((row) => ({
    ...row, area: areaName(row.district_code in SUMMARY.areas ? row.district_code : row.region_code), difference: row.voters > most ? row.voters - most : row.voters - least,
  }));
  const columns = [
    { key: "area", lead: true, title: text("area") },
    { key: "precinct_number", title: text("precinct_number"), kind: "number", show: (row) => String(row.precinct_number) },
    { key: "name", title: text("precinct_name") },
    { key: "kind", title: text("precinct_kind"), show: (row) => reason("precinct_kind", row.kind), plain: (row) => reason("precinct_kind", row.kind) },
    { key: "voters", title: text("voters"), kind: "number" },
    { key: "difference", title: text("difference"), kind: "number", show: (row) => (row.difference > 0 ? "+" : "") + number(row.difference) },
  ];
  const within = here.precincts - here.precincts_too_small - here.precincts_too_large;
  return section(
    "precincts",
    text("precincts_heading"),
    text("precincts_note", limits),
    node(
      "div",
      { class: "columns third" },
      panel(
        null,
        bars([
          [text("within"), [[within, ""]], null],
          [text("too_small", limits), [[here.precincts_too_small, "HIGH"]], `areas.${state.area}.precincts_too_small`],
          [text("too_large", limits), [[here.precincts_too_large, "HIGH"]], `areas.${state.area}.precincts_too_large`],
        ]),
        node("p", {}, text("total"), ": ", areaFigure("precincts")),
      ),
      panel(null, histogram()),
    ),
    panel(text("outside_heading"), rows.length ? table("precincts-outside", columns, rows, { stacked: true }) : node("p", { class: "muted" }, text("outside_none"))),
  );
}

function changeSection() {
  const here = area();
  if (!SUMMARY.has_previous) return section("changes", text("changes_heading"), text("changes_none"));
  const before = here.voters - here.added - here.moved_in + here.removed + here.moved_out;
  const line = (name, sign) => [`${sign} ${text(name)}`, [[here[name], sign === "\u2212" ? "HIGH" : ""]], `areas.${state.area}.${name}`];
  const moves = state.area === "UZ" ? [] : [line("moved_in", "+"), line("moved_out", "\u2212")];
  const rows = ranked(here.changes_by_reason).map(([key, count]) => {
    const [change, why] = key.split(":");
    return { key, change: reason("change", change), reason: reason("change_reason", why), count };
  });
  const columns = [
    { key: "change", title: text("change") },
    { key: "reason", title: text("reason") },
    { key: "count", title: text("count"), kind: "number", bar: true, show: (row) => figure(`areas.${state.area}.changes_by_reason.${row.key}`, row.count, "span") },
  ];
  return section(
    "changes",
    text("changes_heading"),
    null,
    node(
      "div",
      { class: "columns" },
      panel(
        null,
        node("p", {}, text("voters_before"), ": ", node("b", {}, number(before))),
        bars([line("added", "+"), ...moves, line("removed", "\u2212")]),
        node("p", {}, text("voters_now"), ": ", areaFigure("voters")),
        node("p", { class: "muted small" }, text("moved_within"), ": ", areaFigure("moved_within"), " · ", text("corrected"), ": ", areaFigure("corrected")),
      ),
      panel(null, table("changes", columns, rows)),
    ),
  );
}

function voterSection() {
  const here = area();
  const counted = (kind, breakdown) => ranked(here[breakdown]).map(([code, count]) => [reason(kind, code), [[count, ""]], `areas.${state.area}.${breakdown}.${code}`]);
  const title = (row) => (row.attribute === "age" ? `${row.value === "10" ? "18\u201319" : row.value === "90" ? "90+" : `${row.value}\u2013${Number(row.value) + 9}`}` : row.attribute === "sex" ? text(row.value === "F" ? "women" : "men") : text(`script_${row.value}`));
  const rates = SUMMARY.flag_rates.map((row, index) => ({ ...row, index, of: text(row.attribute), group: title(row), share: row.flagged / row.voters }));
  const columns = [
    { key: "of", title: text("group"), show: (row) => `${row.of}: ${row.group}`, plain: (row) => `${row.of}: ${row.group}` },
    { key: "voters", title: text("voters"), kind: "number", show: (row) => figure(`flag_rates.${row.index}.voters`, row.voters, "span") },
    { key: "flagged", title: text("flagged"), kind: "number", show: (row) => figure(`flag_rates.${row.index}.flagged`, row.flagged, "span") },
    { key: "share", title: text("share"), kind: "number", bar: true, show: (row) => percent(row.flagged, row.voters), plain: (row) => percent(row.flagged, row.voters) },
  ];
  return section(
    "voters",
    text("voters_heading"),
    null,
    node(
      "div",
      { class: "columns" },
      panel(text("ages"), pyramid(), node("p", { class: "small muted" }, text("women"), ": ", areaFigure("women"), " · ", text("men"), ": ", areaFigure("men"), " · ", text("total"), ": ", areaFigure("voters"))),
      panel(text("basis_heading"), bars(counted("basis", "listed_by_basis")), node("h3", {}, text("placement_heading")), bars(counted("placement", "voters_by_placement"))),
    ),
    state.area === "UZ" ? panel(text("flags_heading"), node("p", { class: "muted small" }, text("flags_note")), table("flag-rates", columns, rates)) : null,
  );
}

function areaSection() {
  const codes = children();
  if (!codes.length) return null;
  const shown = (key) => {
    if (key === "share") return { show: (row) => percent(row.listed, row.eligible), plain: (row) => percent(row.listed, row.eligible) };
    if (key === "outside") return { show: (row) => number(row.outside) };
    return { show: (row) => figure(`areas.${row.code}.${key}`, row[key], "span") };
  };
  const names = ["eligible", "listed", "share", "unplaced", "voters", "outside", "discrepancies", "blocking"];
  const rows = codes.map((code) => ({ ...area(code), code, name: areaName(code), outside: area(code).precincts_too_small + area(code).precincts_too_large, share: area(code).eligible ? area(code).listed / area(code).eligible : 1 }));
  const columns = [
    { key: "name", title: text("area"), show: (row) => node("button", { class: "link", type: "button", onclick: () => open(row.code) }, row.name) },
    ...names.map((key) => ({ key, minor: ["eligible", "share", "unplaced", "voters", "outside", "blocking"].includes(key), title: text(`col_${key}`), kind: "number", bar: key === "discrepancies", ...shown(key) })),
  ];
  const heading = text(state.area === "UZ" ? "areas_heading_regions" : "areas_heading_districts");
  return section("areas", heading, null, panel(null, table(`areas-${state.area}`, columns, rows)));
}

function sourceSection() {
  const rows = sources().map(([source, entry]) => ({
    source, title: reason("source", source), rows: entry.rows, last: entry.last_change,
    refused: sum(entry.outcomes.filter((row) => row.outcome === "QUARANTINED").map((row) => row.rows)),
    state: text(entry.is_present ? "present" : entry.is_required ? "absent_required" : "absent"), missing: !entry.is_present && entry.is_required,
  }));
  const columns = [
    { key: "title", lead: true, title: text("source"), show: (row) => [row.title, " ", node("span", { class: "code" }, row.source)], plain: (row) => `${row.source} ${row.title}` },
    { key: "state", title: text("state"), show: (row) => node("span", { class: row.missing ? "BLOCKING" : row.state === text("absent") ? "muted" : "" }, row.state) },
    { key: "rows", title: text("source_rows"), kind: "number", show: (row) => figure(`sources.${row.source}.rows`, row.rows, "span") },
    { key: "refused", title: text("source_refused"), kind: "number" },
    { key: "last", title: text("source_last"), show: (row) => day(row.last), plain: (row) => row.last || "" },
  ];
  const ends = sources().flatMap(([source, entry]) =>
    entry.outcomes.map((row, index) => ({
      ...row, source: reason("source", source), outcome: reason("outcome", row.outcome), path: `sources.${source}.outcomes.${index}.rows`,
      reason: row.outcome === "QUARANTINED" ? brokenRule(row.reason) : reasonOfAny(["row_reason", "ground", "unplaced", "link_rule", "basis", "link_outcome"], row.reason),
    })),
  );
  const endColumns = [
    { key: "source", lead: true, title: text("source") },
    { key: "outcome", title: text("outcome") },
    { key: "reason", title: text("reason") },
    { key: "rows", title: text("source_rows"), kind: "number", show: (row) => figure(row.path, row.rows, "span") },
  ];
  return section(
    "sources",
    text("sources_heading"),
    text("sources_note"),
    panel(null, table("sources", columns, rows, { stacked: true })),
    panel(text("outcomes_heading"), table("outcomes", endColumns, ends, { stacked: true })),
  );
}

function linkageSection() {
  const kinds = { rows_by_rule: "link_rule", review_pairs_by_cause: "review_cause", addresses_by_reason: "address_reason" };
  const panels = Object.entries(SUMMARY.linkage)
    .filter(([, counts]) => sum(Object.values(counts)) > 0)
    .map(([name, counts]) => {
      const label = (code) => (name === "persons_by_rows" ? (code === "5" ? text("five_and_more") : `${code} ${text("rows_word")}`) : reason(kinds[name] || "link_outcome", code));
      const order = name === "persons_by_rows" ? Object.entries(counts) : ranked(counts);
      return panel(text(name), bars(order.map(([code, count]) => [label(code), [[count, ""]], `linkage.${name}.${code}`])));
    });
  return section("linkage", text("linkage_heading"), null, node("div", { class: "columns" }, panels));
}

const FORMATS = { csv: "CSV", parquet: "Parquet", json: "JSON" };

function fileLinks(label, folder, name, formats) {
  return node("li", {}, node("span", {}, label), formats.map((format) => node("a", { href: `${folder}${name}.${format}` }, FORMATS[format])));
}

function districtFiles(code) {
  const entry = area(code);
  const [region, district] = code.includes("/") ? [entry.region, "none"] : [entry.region, code];
  const has = { voters: entry.precincts || entry.voters, changes: entry.precincts, discrepancies: entry.precincts || entry.discrepancies };
  return ["voters", "changes", "discrepancies"]
    .filter((name) => has[name])
    .map((name) => fileLinks(text(`file_${name}`), `${name}/region=${region}/district=${district}/`, name, ["csv", "parquet"]));
}

function fileSection() {
  const level = area().level;
  const lists =
    level === "COUNTRY"
      ? [node("p", { class: "muted" }, text("choose_area"))]
      : (level === "DISTRICT" ? [state.area] : children()).map((code) => {
          const links = districtFiles(code);
          return links.length ? [level === "REGION" ? node("h3", {}, areaName(code)) : null, node("ul", { class: "files" }, links)] : null;
        });
  const country = node(
    "ul",
    { class: "files" },
    fileLinks(text("file_precincts"), "", "precincts", ["csv", "parquet"]),
    fileLinks(text("file_reconciliation"), "", "reconciliation", ["csv", "parquet"]),
    fileLinks(text("file_lineage"), "", "lineage", ["parquet"]),
    fileLinks(text("file_summary"), "", "summary", ["json"]),
    fileLinks(text("file_manifest"), "", "manifest", ["json"]),
  );
  return section(
    "files",
    text("files_heading"),
    text("files_note"),
    node("p", { class: "small" }, text("files_personal")),
    node("div", { class: "columns" }, panel(areaName(state.area), lists), panel(text("country"), country, node("h3", {}, text("verify_heading")), node("p", { class: "small" }, text("verify_note")), node("pre", {}, "selv verify . --public-key KEY.pem"))),
  );
}
