// The sections of the page, each a function of the area that is open.

function section(id, heading, note, ...content) {
  return node("section", { id, "aria-labelledby": `${id}-heading` }, node("h2", { id: `${id}-heading`, tabindex: "-1" }, heading), note ? node("p", {}, note) : null, content);
}

function panel(heading, ...content) {
  return node("div", { class: "panel" }, heading ? node("h3", {}, heading) : null, content);
}

function headline() {
  const here = area();
  const step = (name, kind, ...lines) =>
    node("div", { class: kind }, node("div", { class: "label" }, text(name)), node("div", { class: "number" }, areaFigure(name, "span")), node("ul", {}, lines));
  const less = (name) => node("li", {}, node("b", {}, "\u2212\u202f", areaFigure(name, "span")), " ", text(name));
  const differs = here.voters !== here.listed || here.arrived > 0;
  return node(
    "section",
    { id: "headline", "aria-label": text("headline") },
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
  const sexes = node("p", { class: "small muted" }, text("women"), ": ", areaFigure("women"), " \u00b7 ", text("men"), ": ", areaFigure("men"), " \u00b7 ", text("total"), ": ", areaFigure("voters"));
  const withheld = SUMMARY.ages_withheld.includes(state.area);
  return section(
    "voters",
    text("voters_heading"),
    null,
    node(
      "div",
      { class: "columns" },
      panel(text("ages"), withheld ? node("p", { class: "muted" }, text("ages_withheld", { limit: number(SUMMARY.limits.small_cell) })) : pyramid(), sexes),
      panel(text("basis_heading"), bars(counted("basis", "listed_by_basis")), node("h3", {}, text("placement_heading")), bars(counted("placement", "voters_by_placement"))),
    ),
  );
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
    { key: "last", title: text("source_last"), show: (row) => figureDay(row.last), plain: (row) => row.last || "" },
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

const FORMATS = { csv: "CSV", xlsx: "XLSX", parquet: "Parquet", json: "JSON" };

function fileLinks(label, folder, name, formats, tag = "li") {
  return node(tag, { class: "links" }, node("span", {}, label), formats.map((format) => node("a", { href: `${folder}${name}.${format}`, "aria-label": `${label}, ${FORMATS[format]}` }, FORMATS[format])));
}

// Region and district as the folders of a release name them.
function folderOf(code) {
  return code.includes("/") ? [area(code).region, "none"] : [area(code).region, code];
}

function districtFiles(code) {
  const entry = area(code);
  const [region, district] = folderOf(code);
  const has = { voters: entry.precincts || entry.voters, changes: entry.precincts, discrepancies: entry.precincts || entry.discrepancies, resolved_discrepancies: entry.precincts || entry.resolved };
  return Object.keys(has)
    .filter((name) => has[name])
    .map((name) => fileLinks(text(`file_${name}`), `${name}/region=${region}/district=${district}/`, name, ["xlsx", "csv", "parquet"]));
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
  const whole = (name, formats) => fileLinks(text(`file_${name}`), "", name, formats);
  const country = node(
    "ul",
    { class: "files" },
    whole("precincts", ["xlsx", "csv", "parquet"]),
    whole("reconciliation", ["xlsx", "csv", "parquet"]),
    whole("lineage", ["parquet"]),
    whole("summary", ["json"]),
    whole("manifest", ["json"]),
  );
  return section(
    "files",
    text("files_heading"),
    text("files_note"),
    node("p", { class: "small" }, text("files_personal")),
    node("div", { class: "columns" }, panel(areaName(state.area), lists), panel(text("country"), country, node("h3", {}, text("verify_heading")), node("p", { class: "small" }, text("verify_note")), node("pre", {}, "selv verify . --public-key KEY.pem"))),
  );
}
