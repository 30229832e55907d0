// Charts drawn as SVG from the figures of the area; colours come from the style sheet, so
// they follow the theme and print.

function wrapped(words, limit) {
  const lines = [""];
  for (const word of words.split(" ")) {
    const last = lines[lines.length - 1];
    if (last && last.length + word.length + 1 > limit) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}

function bins() {
  const { precinct_voters_max: most, precinct_bin_voters: step } = SUMMARY.limits;
  const edges = [];
  for (let from = 0; from < most; from += step) edges.push(from);
  return edges;
}

// Precincts by size, with the bounds of Article 10.
function histogram() {
  const { precinct_voters_min: least, precinct_voters_max: most, precinct_bin_voters: step } = SUMMARY.limits;
  const sizes = area().precincts_by_size;
  const columns = [
    ["under", sizes.under || 0, "f-exit", `<${least}`],
    ...bins().map((from) => [String(from).padStart(5, "0"), sizes[String(from).padStart(5, "0")] || 0, "f-accent", from ? number(from) : number(least)]),
    ["over", sizes.over || 0, "f-exit", `>${number(most)}`],
  ];
  const [width, height, foot] = [720, 200, 44];
  const slot = width / columns.length;
  const tallest = Math.max(1, ...columns.map((column) => column[1]));
  const shapes = columns.flatMap(([key, count, colour, label], index) => {
    const tall = count ? Math.max(2, (count / tallest) * height) : 0;
    const x = index * slot;
    const middle = x + slot / 2;
    const outside = key === "under" || key === "over";
    return [
      node("rect", { x: x + 2, y: height - tall, width: slot - 4, height: tall, class: colour, rx: 2 }, node("title", {}, `${label}: ${number(count)}`)),
      count ? node("text", { x: middle, y: height - tall - 6, "text-anchor": "middle", class: "strong", "data-figure": `areas.${state.area}.precincts_by_size.${key}`, "data-value": count }, number(count)) : null,
      outside
        ? node("text", { x: middle, y: height + 18, "text-anchor": "middle", class: "strong" }, label)
        : (index - 1) % 2 === 0 && index > 1 ? node("text", { x, y: height + 18, "text-anchor": "middle", class: "dim" }, label) : null,
    ];
  });
  const limits = [slot, width - slot].map((x) => node("line", { x1: x, x2: x, y1: -14, y2: height + 4, class: "limit" }));
  return node(
    "svg",
    { viewBox: `0 -24 ${width} ${height + foot + 24}`, role: "img", "aria-label": text("precincts_heading"), "data-step": step },
    node("line", { x1: 0, x2: width, y1: height, y2: height, class: "axis" }),
    shapes,
    limits,
    node("text", { x: width / 2, y: height + 38, "text-anchor": "middle", class: "dim" }, text("histogram_x")),
  );
}

// Women to the left, men to the right, by groups of five years.
function pyramid() {
  const counts = area().voters_by_age;
  const groups = [...new Set(Object.keys(counts).map((key) => key.slice(1)))].sort();
  const [width, row, middle] = [520, 20, 56];
  const half = (width - middle) / 2;
  const largest = Math.max(1, ...Object.values(counts));
  const height = groups.length * row;
  const shapes = groups.flatMap((group, index) => {
    const y = (groups.length - 1 - index) * row;
    const from = Number(group);
    const label = from >= 90 ? "90+" : `${from}\u2013${from < 20 ? 19 : from + 4}`;
    const side = (sex, left) => {
      const count = counts[sex + group] || 0;
      const wide = (count / largest) * (half - 52);
      const x = left ? half - wide : half + middle;
      return [
        node("rect", { x, y: y + 2, width: wide, height: row - 4, class: left ? "f-women" : "f-men", rx: 1 }),
        node("text", { x: left ? x - 5 : x + wide + 5, y: y + 14, "text-anchor": left ? "end" : "start", class: "dim fine", "data-figure": `areas.${state.area}.voters_by_age.${sex}${group}`, "data-value": count }, number(count)),
      ];
    };
    return [side("F", true), side("M", false), node("text", { x: half + middle / 2, y: y + 14, "text-anchor": "middle", class: "fine" }, label)];
  });
  return node(
    "svg",
    { viewBox: `0 -22 ${width} ${height + 24}`, role: "img", "aria-label": text("ages") },
    node("text", { x: half, y: -8, "text-anchor": "end", class: "strong" }, text("women")),
    node("text", { x: half + middle, y: -8, class: "strong" }, text("men")),
    shapes,
  );
}

// Labelled bars. A row is [label, [[count, class]...], figure path or null].
function bars(rows) {
  const largest = Math.max(1, ...rows.map((row) => sum(row[1].map((part) => part[0]))));
  return node(
    "div",
    { class: "hbars" },
    rows.map(([label, parts, path]) => {
      const total = sum(parts.map((part) => part[0]));
      return [
        node("span", { class: "label" }, label),
        node("span", { class: "track" }, parts.filter((part) => part[0]).map(([count, kind]) => node("i", { class: kind, style: { width: `${(100 * count) / largest}%` } }))),
        path ? figure(path, total, "span") : node("span", { class: "value" }, number(total)),
      ];
    }),
  );
}

function severityKeys(counts) {
  return node("div", { class: "keys" }, SEVERITIES.filter((code) => counts[code]).map((code) => node("span", {}, node("i", { class: code }), reason("severity", code), " ", number(counts[code]))));
}

function severityStack(counts) {
  const total = sum(Object.values(counts));
  return node("div", { class: "stack" }, SEVERITIES.filter((code) => counts[code]).map((code) => node("i", { class: code, style: { width: `${(100 * counts[code]) / total}%` } })));
}
