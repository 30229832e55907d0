// What the last releases brought: the figures of earlier ones are in the summary, oldest
// first; this release stands last.

function nights() {
  const { figures, releases } = SUMMARY.history;
  const column = (name) => figures.indexOf(name);
  const earlier = releases.map((entry, index) => {
    const counts = entry.areas[state.area];
    const named = counts ? Object.fromEntries(figures.map((name) => [name, counts[column(name)]])) : null;
    return named && { ...named, as_of: entry.as_of, path: `history.releases.${index}.areas.${state.area}` };
  });
  const now = { ...area(), as_of: SUMMARY.as_of, path: `areas.${state.area}`, isNow: true };
  return [...earlier.filter(Boolean), now];
}

// A frame with a scale of round numbers and days below; `marks` draws what stands in it.
function timeChart(rows, least, largest, label, marks, options = {}) {
  const [width, height, left, foot] = [340, 150, 62, 26];
  const steps = ticks(least, largest, options.steps || 4);
  const [low, high] = [steps[0], steps[steps.length - 1]];
  const y = (value) => height - ((value - low) / (high - low || 1)) * height;
  const slot = (width - left) / rows.length;
  const x = (index) => left + slot * (index + 0.5);
  const every = Math.ceil(rows.length / 5);
  const shown = (index) => (rows.length - 1 - index) % every === 0;
  return node(
    "svg",
    { viewBox: `0 -10 ${width} ${height + foot + 10}`, role: "img", "aria-label": label },
    steps.map((step) => [
      node("line", { x1: left, x2: width, y1: y(step), y2: y(step), class: step === 0 ? "axis zero" : "axis" }),
      node("text", { x: left - 8, y: y(step) + 4, "text-anchor": "end", class: "dim fine" }, options.signed ? signed(step) : number(step)),
    ]),
    rows.map((row, index) => (shown(index) ? node("text", { x: x(index), y: height + 18, "text-anchor": "middle", class: row.isNow ? "strong fine" : "dim fine" }, shortDay(row.as_of)) : null)),
    marks(x, y, slot),
  );
}

function line(rows, key, kind, x, y) {
  const points = rows.map((row, index) => `${x(index)},${y(row[key])}`);
  const last = rows.length - 1;
  return [
    node("path", { d: `M${points.join("L")}`, class: `stroke-${kind}` }),
    rows.map((row, index) => node("circle", { cx: x(index), cy: y(row[key]), r: index === last ? 4.5 : 2.5, class: `f-${kind}` }, node("title", {}, `${day(row.as_of)}: ${number(row[key])}`))),
  ];
}

function votersOverTime(rows) {
  const values = rows.map((row) => row.voters);
  const [least, largest] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(4, Math.round((largest - least) * 0.15));
  const chart = timeChart(rows, Math.max(0, least - room), largest + room, text("history_voters"), (x, y) => line(rows, "voters", "accent", x, y));
  return panel(text("history_voters"), chart, node("p", { class: "small muted" }, text("axis_cut")));
}

function flowOverTime(rows) {
  const come = (row) => row.added + row.moved_in;
  const left = (row) => row.removed + row.moved_out;
  const told = rows.map((row) => `${shortDay(row.as_of)}: +${come(row)}, \u2212${left(row)}`).join("; ");
  const chart = timeChart(
    rows, -Math.max(...rows.map(left)), Math.max(1, ...rows.map(come)), `${text("history_flow")}. ${told}`,
    (x, y, slot) => rows.map((row, index) => {
      const wide = Math.min(30, slot * 0.62);
      const bar = (from, to, kind, count) => node("rect", { x: x(index) - wide / 2, y: Math.min(y(from), y(to)), width: wide, height: Math.abs(y(to) - y(from)), class: `f-${kind}`, rx: 1 }, node("title", {}, `${day(row.as_of)}: ${signed(count)}`));
      return [bar(0, come(row), "listed", come(row)), bar(0, -left(row), "exit", -left(row))];
    }),
    { signed: true },
  );
  const keys = node("div", { class: "keys" }, node("span", {}, node("i", { class: "b-listed" }), text("came")), node("span", {}, node("i", { class: "b-exit" }), text("left")));
  return panel(text("history_flow"), chart, keys);
}

function questionsOverTime(rows) {
  const chart = timeChart(rows, 0, Math.max(1, ...rows.map((row) => row.discrepancies)), text("history_questions"), (x, y) => [
    line(rows, "discrepancies", "neutral", x, y),
    line(rows.map((row) => ({ ...row, urgent: row.blocking + row.high })), "urgent", "exit", x, y),
  ]);
  const keys = node("div", { class: "keys" }, node("span", {}, node("i", { class: "b-neutral" }), text("all_open")), node("span", {}, node("i", { class: "b-exit" }), text("urgent_open")));
  return panel(text("history_questions"), chart, keys);
}

function historyTable(rows) {
  const { figures } = SUMMARY.history;
  const shown = figures.filter((name) => name !== "high" && (state.area !== "UZ" || !name.startsWith("moved")));
  const path = (row, name) => (row.isNow ? `${row.path}.${name}` : `${row.path}.${figures.indexOf(name)}`);
  const columns = [
    { key: "as_of", lead: true, title: text("as_of"), show: (row) => figureDay(row.as_of), plain: (row) => row.as_of },
    ...shown.map((name) => ({ key: name, minor: !["voters", "added", "removed", "discrepancies"].includes(name), title: text(`h_${name}`), kind: "number", show: (row) => figure(path(row, name), row[name], "span") })),
  ];
  return table("history", columns, [...rows].reverse(), { shown: 8 });
}

function historySection() {
  const rows = nights();
  if (rows.length < 2) return null;
  return section(
    "history", text("history_heading"), text("history_note", { count: rows.length }),
    node("div", { class: "columns charts" }, votersOverTime(rows), flowOverTime(rows), questionsOverTime(rows)),
    panel(null, historyTable(rows)),
  );
}
