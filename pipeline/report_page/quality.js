// Whether groups of voters are asked more than others, and how good the matching is.

// The share of a group with the interval in which it lies with 95 % confidence (Wilson).
function interval(flagged, voters) {
  const z = 1.96;
  const share = flagged / voters;
  const middle = (share + z ** 2 / (2 * voters)) / (1 + z ** 2 / voters);
  const half = (z / (1 + z ** 2 / voters)) * Math.sqrt((share * (1 - share)) / voters + z ** 2 / (4 * voters ** 2));
  return [middle - half, middle + half];
}

// Groups as measured by the release; an older one has the rates alone.
function groupRates() {
  const measured = SUMMARY.quality && SUMMARY.quality.groups;
  const rates = measured || SUMMARY.flag_rates.map((row) => ({ ...row, measure: "any", is_uneven: false }));
  return rates.map((row, index) => ({ ...row, path: measured ? `quality.groups.${index}` : `flag_rates.${index}`, share: row.voters ? row.flagged / row.voters : 0 }));
}

function groupName({ attribute, value }) {
  if (attribute === "age") return value === "10" ? "18\u201319" : value === "90" ? "90+" : `${value}\u2013${Number(value) + 9}`;
  if (attribute === "sex") return text(value === "F" ? "women" : "men");
  if (attribute === "region") return value in SUMMARY.areas ? areaName(value) : value;
  return text(`script_${value}`);
}

// One dot a group with its interval, against the share of all voters.
function ratePlot(rows, measure) {
  const ours = rows.filter((row) => row.measure === measure && row.voters > 0);
  const sexes = ours.filter((row) => row.attribute === "sex");
  const all = sum(sexes.map((row) => row.flagged)) / Math.max(1, sum(sexes.map((row) => row.voters)));
  const largest = 1.15 * Math.max(0.0001, all, ...ours.map((row) => row.share));
  const attributes = ["region", "script", "sex", "age"].filter((name) => ours.some((row) => row.attribute === name));
  const lines = attributes.flatMap((name) => [{ heading: text(name) }, ...ours.filter((row) => row.attribute === name)]);
  const [width, left, right, tall] = [540, 176, 118, 20];
  const height = lines.length * tall;
  const x = (share) => left + (Math.min(share, largest) / largest) * (width - left - right);
  const drawn = lines.map((row, index) => {
    const y = index * tall + 14;
    if (row.heading) return node("text", { x: 0, y: y + 1, class: "strong fine" }, row.heading);
    const [low, high] = interval(row.flagged, row.voters);
    const kind = row.is_uneven ? "exit" : "accent";
    return [
      node("text", { x: left - 12, y, "text-anchor": "end", class: "fine" }, groupName(row)),
      node("line", { x1: left, x2: width - right, y1: y - 4, y2: y - 4, class: "axis" }),
      node("line", { x1: x(low), x2: x(high), y1: y - 4, y2: y - 4, class: `stroke-${kind} thin` }),
      node("circle", { cx: x(row.share), cy: y - 4, r: 4.5, class: `f-${kind}` }, node("title", {}, `${number(row.flagged)} / ${number(row.voters)}`)),
      node("text", { x: width - right + 12, y, class: row.is_uneven ? "strong fine warn" : "dim fine" }, percent(row.flagged, row.voters), row.is_uneven ? ` \u2191 ${text("uneven")}` : ""),
    ];
  });
  const told = ours.map((row) => `${groupName(row)}: ${percent(row.flagged, row.voters)}`).join("; ");
  return node(
    "svg",
    { viewBox: `0 -22 ${width} ${height + 26}`, role: "img", "aria-label": told },
    node("line", { x1: x(all), x2: x(all), y1: -4, y2: height, class: "limit mean" }),
    node("text", { x: left, y: -9, "text-anchor": "middle", class: "dim fine" }, "0"),
    node("text", { x: x(all), y: -9, "text-anchor": "middle", class: "dim fine" }, `${text("all_voters")}: ${(100 * all).toFixed(1).replace(".", state.language === "en" ? "." : ",")}\u202f%`),
    drawn,
  );
}

function groupSection() {
  const rows = groupRates().map((row) => ({ ...row, group: `${text(row.attribute)}: ${groupName(row)}`, asked: text(`measure_${row.measure}`) }));
  const measures = ["any", "duplicate"].filter((name) => rows.some((row) => row.measure === name));
  const columns = [
    { key: "group", lead: true, title: text("group") },
    { key: "asked", title: text("measure") },
    { key: "voters", title: text("voters"), kind: "number", show: (row) => figure(`${row.path}.voters`, row.voters, "span") },
    { key: "flagged", title: text("flagged"), kind: "number", show: (row) => figure(`${row.path}.flagged`, row.flagged, "span") },
    { key: "share", title: text("share"), kind: "number", bar: true, show: (row) => percent(row.flagged, row.voters), plain: (row) => percent(row.flagged, row.voters) },
  ];
  return section(
    "groups", text("flags_heading"), text("flags_note"),
    node("div", { class: "columns rates" }, measures.map((name) => panel(text(`measure_${name}`), ratePlot(rows, name)))),
    panel(null, table("flag-rates", columns, rows, { stacked: true, shown: 12 })),
  );
}

function decoyTable() {
  const rows = SUMMARY.quality.decoys.map((row, index) => ({ ...row, index, name: text(`decoy_${row.kind}`) }));
  const count = (key) => ({ key, title: text(`decoys_${key}`), kind: "number", show: (row) => figure(`quality.decoys.${row.index}.${key}`, row[key], "span") });
  return table("decoys", [{ key: "name", lead: true, title: text("decoy") }, count("decoys"), count("linked"), count("flagged")], rows, { stacked: true });
}

function matchingPanels() {
  if (!SUMMARY.quality) return null;
  const { sentinels, false_links: expected } = SUMMARY.quality;
  const wrong = sentinels.filter((row) => !row.is_right);
  const share = (value) => String(value).replace(".", state.language === "en" ? "." : ",");
  return node(
    "div",
    { class: "columns" },
    panel(text("decoys_heading"), node("p", { class: "muted small" }, text("decoys_note")), decoyTable()),
    panel(
      text("sentinels_heading"),
      node("p", {}, sentinels.length ? text("sentinels_right", { right: number(sentinels.length - wrong.length), all: number(sentinels.length) }) : text("sentinels_none")),
      wrong.length ? node("ul", {}, wrong.map((row) => node("li", { class: "HIGH" }, `${row.case}: ${row.outcome}`))) : null,
      node("h3", {}, text("false_links_heading")),
      node("p", {}, text("false_links_note", { expected: share(expected.expected), low: share(expected.expected_low), high: share(expected.expected_high), links: number(expected.links) })),
    ),
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
  return section("linkage", text("linkage_heading"), null, matchingPanels(), node("div", { class: "columns" }, panels));
}
