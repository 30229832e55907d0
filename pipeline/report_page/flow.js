// Where every register row went: a trunk of those who stay, and an exit for each reason.
function flow() {
  const here = area();
  const width = 1080;
  const trunk = 150;
  const columns = [0, 285, 570, 855];
  const bar = 9;
  const scale = here.rows ? trunk / here.rows : 0;
  const steps = [
    ["rows", "f-accent", "f-accent-soft"],
    ["persons", "f-accent", "f-accent-soft"],
    ["eligible", "f-accent", "f-accent-soft"],
    ["listed", "f-listed", "f-listed-soft"],
  ];
  const exits = [
    [],
    [["repeated", text("repeated"), here.repeated, "f-neutral"], ["quarantined", text("quarantined"), here.quarantined, "f-exit"]],
    ranked(here.ineligible_by_ground).map(([code, count]) => [`ineligible_by_ground.${code}`, reason("ground", code), count, "f-exit"]),
    ranked(here.unplaced_by_reason).map(([code, count]) => [`unplaced_by_reason.${code}`, reason("unplaced", code), count, "f-exit"]),
  ];
  const shapes = [];
  const labels = [];
  let bottom = trunk;
  steps.forEach(([name, strong, soft], index) => {
    const x = columns[index];
    const height = Math.max(2, here[name] * scale);
    if (index) {
      const from = columns[index - 1] + bar;
      shapes.push(node("rect", { x: from, y: 0, width: x - from, height, class: soft }));
    }
    shapes.push(node("rect", { x, y: 0, width: bar, height, class: strong, rx: 1 }));
    labels.push(node("text", { x: x + bar + 9, y: 24, class: "strong large" }, number(here[name])));
    wrapped(text(name), 26).forEach((line, row) => labels.push(node("text", { x: x + bar + 9, y: 43 + 16 * row, class: "dim" }, line)));
    let leaves = height;
    let y = trunk + 34;
    for (const [path, label, count, colour] of exits[index].filter((exit) => exit[2] > 0)) {
      const thick = Math.max(1, count * scale);
      const tall = Math.max(4, thick);
      const from = columns[index - 1] + bar;
      const turn = from + (x - from) * 0.72;
      const top = Math.min(leaves, here[steps[index - 1][0]] * scale - thick);
      shapes.push(
        node("path", {
          class: colour === "f-neutral" ? "f-neutral-soft" : "f-exit-soft",
          d: `M${from},${top} C${turn},${top} ${turn},${y} ${x},${y} L${x},${y + tall} C${turn},${y + tall} ${turn},${top + thick} ${from},${top + thick}Z`,
        }),
        node("rect", { x, y, width: bar, height: tall, class: colour, rx: 1 }),
      );
      const lines = wrapped(label, 27);
      labels.push(node("text", { x: x + bar + 9, y: y + 9, class: "strong halo", "data-figure": `areas.${state.area}.${path}`, "data-value": count }, number(count)));
      lines.forEach((line, row) => labels.push(node("text", { x: x + bar + 9, y: y + 25 + 15 * row, class: "dim halo" }, line)));
      leaves += thick;
      y += Math.max(tall + 8, 24 + 15 * lines.length + 6);
      bottom = Math.max(bottom, y);
    }
  });
  return node("svg", { viewBox: `0 -2 ${width} ${bottom + 6}`, role: "img", "aria-label": flowWords() }, shapes, labels);
}

// The chart in words, for whoever can't see it; the table below has every exit.
function flowWords() {
  const steps = ["rows", "persons", "eligible", "listed"].map((name) => `${text(name)}: ${number(area()[name])}`);
  return `${text("flow_heading")}. ${steps.join("; ")}.`;
}
