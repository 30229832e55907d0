// Regions, districts and precincts of the area that is open.

function areaSection() {
  const codes = children();
  if (!codes.length) return null;
  const shown = (key) => {
    if (key === "share") return { show: (row) => percent(row.listed, row.eligible), plain: (row) => percent(row.listed, row.eligible) };
    if (key === "outside") return { show: (row) => number(row.outside) };
    if (key === "change") return { show: (row) => signed(row.change), plain: (row) => row.change };
    return { show: (row) => figure(`areas.${row.code}.${key}`, row[key], "span") };
  };
  const names = ["voters", ...(SUMMARY.has_previous ? ["change"] : []), "share", "unplaced", "outside", "discrepancies", "blocking"];
  const rows = codes.map((code) => {
    const entry = area(code);
    return {
      ...entry, code, name: areaName(code), outside: entry.precincts_too_small + entry.precincts_too_large,
      share: entry.eligible ? entry.listed / entry.eligible : 1, change: entry.added + entry.moved_in - entry.removed - entry.moved_out,
    };
  });
  const columns = [
    { key: "name", lead: true, title: text("area"), show: (row) => node("a", { href: address({ area: row.code }) }, row.name), plain: (row) => row.name },
    ...names.map((key) => ({ key, minor: ["share", "outside"].includes(key), title: text(`col_${key}`), kind: "number", bar: ["voters", "discrepancies"].includes(key), ...shown(key) })),
  ];
  const heading = text(state.area === "UZ" ? "areas_heading_regions" : "areas_heading_districts");
  return section("areas", heading, text("areas_note"), panel(null, table(`areas-${state.area}`, columns, rows, { stacked: true })));
}

function inArea(row) {
  return state.area === "UZ" || row.region_code === state.area || row.district_code === state.area;
}

function precinctRows() {
  const { columns, rows } = SUMMARY.precincts;
  return rows
    .map((row, index) => ({ ...Object.fromEntries(columns.map((name, place) => [name, row[place]])), path: `precincts.rows.${index}` }))
    .filter(inArea)
    .map((row) => ({ ...row, area: areaName(row.district_code in SUMMARY.areas ? row.district_code : row.region_code) }));
}

function precinctTable() {
  const place = (name) => SUMMARY.precincts.columns.indexOf(name);
  const count = (key, extra = {}) => ({ key, title: text(`p_${key}`), kind: "number", show: (row) => figure(`${row.path}.${place(key)}`, row[key], "span"), ...extra });
  const columns = [
    { key: "precinct_number", lead: true, title: text("precinct_number"), show: (row) => `\u2116 ${row.precinct_number}`, plain: (row) => row.precinct_number },
    area().level === "DISTRICT" ? null : { key: "area", title: text("area") },
    { key: "name", title: text("precinct_name"), show: (row) => [row.name, row.address].filter(Boolean).join(", "), plain: (row) => [row.name, row.address].filter(Boolean).join(", ") },
    { key: "kind", minor: true, title: text("precinct_kind"), show: (row) => reason("precinct_kind", row.kind), plain: (row) => reason("precinct_kind", row.kind) },
    count("voters", { bar: true }), count("added"), count("removed"), count("moved"), count("discrepancies", { bar: true }),
  ].filter(Boolean);
  return panel(text("all_precincts"), table(`precincts-${state.area}`, columns, precinctRows(), { stacked: true, shown: 25 }));
}

function outsideTable(least, most) {
  const rows = SUMMARY.precincts_outside_limits.filter(inArea).map((row) => ({
    ...row, area: areaName(row.district_code in SUMMARY.areas ? row.district_code : row.region_code), difference: row.voters > most ? row.voters - most : row.voters - least,
  }));
  const columns = [
    { key: "precinct_number", lead: true, title: text("precinct_number"), show: (row) => `\u2116 ${row.precinct_number}`, plain: (row) => row.precinct_number },
    { key: "area", title: text("area") },
    { key: "name", title: text("precinct_name") },
    { key: "kind", title: text("precinct_kind"), show: (row) => reason("precinct_kind", row.kind), plain: (row) => reason("precinct_kind", row.kind) },
    { key: "voters", title: text("voters"), kind: "number" },
    { key: "difference", title: text("difference"), kind: "number", show: (row) => signed(row.difference) },
  ];
  return panel(text("outside_heading"), rows.length ? table("precincts-outside", columns, rows, { stacked: true, shown: 10 }) : node("p", { class: "muted" }, text("outside_none")));
}

function precinctSection() {
  const here = area();
  const { precinct_voters_min: least, precinct_voters_max: most } = SUMMARY.limits;
  const limits = { min: number(least), max: number(most) };
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
      panel(text("histogram_heading"), histogram()),
    ),
    outsideTable(least, most),
    here.level === "COUNTRY" ? null : precinctTable(),
  );
}
