// Tables that sort, filter and download. A column is {key, title, kind, show, plain, bar};
// a row is a plain object. Sorting compares raw values; what is shown may be an element.
const ROWS_SHOWN = 40;

function compare(left, right) {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left ?? "").localeCompare(String(right ?? ""), "uz");
}

// `lead` heads the row and `minor` is left out where the screen is narrow.
function classes(column) {
  return [column.kind, column.lead && "lead", column.minor && "minor"].filter(Boolean).join(" ");
}

function table(name, columns, rows, options = {}) {
  const saved = (state.tables[name] ??= { query: "", sort: options.sort || null, all: false });
  const holder = node("div", { class: "table", id: `table-${name}` });
  const searchable = (row) => columns.map((c) => (c.plain ? c.plain(row) : row[c.key])).join(" ").toLowerCase();

  function chosen() {
    const words = saved.query.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = rows.filter((row) => words.every((word) => searchable(row).includes(word)));
    if (!saved.sort) return kept;
    const [key, direction] = saved.sort;
    return [...kept].sort((a, b) => direction * compare(a[key], b[key]));
  }

  function head(column) {
    const active = saved.sort && saved.sort[0] === column.key;
    const direction = active ? (saved.sort[1] > 0 ? "ascending" : "descending") : "none";
    const turn = () => {
      saved.sort = [column.key, active ? -saved.sort[1] : column.kind === "number" ? -1 : 1];
      draw();
    };
    return node(
      "th",
      { scope: "col", class: classes(column), "aria-sort": direction },
      node("button", { type: "button", onclick: turn, title: text("sort") }, column.title),
    );
  }

  function cell(column, row, largest) {
    const value = row[column.key];
    const shown = column.show ? column.show(row) : column.kind === "number" ? number(value) : (value ?? "");
    const bar =
      column.bar && largest[column.key] > 0
        ? node("span", { class: "bar-cell", style: { width: `${(100 * value) / largest[column.key]}%` } })
        : null;
    return node("td", { class: classes(column), "data-title": column.title }, node("span", {}, shown), bar);
  }

  function draw() {
    const kept = chosen();
    const shown = saved.all ? kept : kept.slice(0, options.shown || ROWS_SHOWN);
    const largest = {};
    for (const column of columns) {
      if (column.bar) largest[column.key] = Math.max(0, ...rows.map((row) => row[column.key]));
    }
    const body = shown.map((row) => node("tr", { class: row.rowClass }, columns.map((c) => cell(c, row, largest))));
    if (!body.length) body.push(node("tr", {}, node("td", { colspan: columns.length, class: "muted" }, text("no_rows"))));
    const count = text("rows_shown", { shown: number(shown.length), all: number(rows.length) });
    content.replaceChildren(
      node(
        "table",
        { class: options.stacked ? "stacked" : null, "aria-label": options.label || null },
        node("thead", {}, node("tr", {}, columns.map(head))),
        node("tbody", {}, body),
      ),
    );
    counter.textContent = rows.length > 5 ? count : "";
    after.hidden = shown.length === kept.length;
  }

  const search = node("input", {
    class: "field", type: "search", value: saved.query, placeholder: text("search"), "aria-label": text("search"),
    oninput: (event) => { saved.query = event.target.value; draw(); },
  });
  // Where a narrow screen has no heading to click, the order is chosen from a list.
  const order = node(
    "select",
    { class: "field narrow-only", "aria-label": text("sort"), onchange: (event) => { const column = columns[event.target.value]; saved.sort = column ? [column.key, column.kind === "number" ? -1 : 1] : null; draw(); } },
    node("option", { value: "" }, text("sort")),
    columns.map((column, index) => node("option", { value: index, selected: Boolean(saved.sort && saved.sort[0] === column.key) }, column.title)),
  );
  const save = node("button", { class: "plain", type: "button", onclick: () => download(name, columns, chosen()) }, text("download"));
  const more = node("button", { class: "plain", type: "button", onclick: () => { saved.all = true; draw(); } }, text("show_all"));
  const after = node("div", { class: "tools after" }, more);
  const counter = node("span", { class: "count", role: "status" });
  const content = node("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": text("table_scrolls") });
  holder.append(
    node("div", { class: "tools" }, rows.length > 5 ? search : null, options.filters, options.stacked && rows.length > 5 ? order : null, save, counter),
    content,
    after,
  );
  draw();
  return holder;
}

// What a spreadsheet would run, and what it would turn into another number, a date or a
// time: the rules of the release's own CSV files (docs/adr/csv-for-offices.md).
const FORMULA = /^\s*[=+\-@＝＋－＠]|^'/;
const MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|yan|fev|iyu|avg|sen|okt|noy|dek|янв|фев|мар|апр|ма[йя]|ию[нл]|авг|сен|окт|ноя|дек|июн|июл)";
const MISREAD = new RegExp(
  `^(?:0\\d+|\\d{12,}|\\d+e[+-]?\\d+|\\d{1,4}[-/.]\\d{1,4}(?:[-/.]\\d{1,4})?|\\d{1,4}:\\d{1,2}(?::\\d{1,2})?|\\d{1,4}[-/. ]*${MONTH}\\p{L}*\\.?|${MONTH}\\p{L}*[-/. ]*\\d{1,4})$`, "iu",
);

// Numbers go as they are; semicolons separate, so a cell with one is quoted.
function csvCell(value) {
  if (typeof value === "number") return String(value);
  let said = String(value ?? "").replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]/g, " ");
  if (FORMULA.test(said)) said = `'${said}`;
  else if (MISREAD.test(said)) said = `${said}\t`;
  return /[";\t]/.test(said) ? `"${said.replace(/"/g, '""')}"` : said;
}

function csv(columns, rows) {
  const lines = rows.map((row) => columns.map((c) => csvCell(c.plain ? c.plain(row) : row[c.key])));
  return "\ufeff" + [columns.map((c) => csvCell(c.title)), ...lines].map((line) => line.join(";") + "\r\n").join("");
}

function download(name, columns, rows) {
  const link = node("a", {
    href: URL.createObjectURL(new Blob([csv(columns, rows)], { type: "text/csv" })),
    download: `${name}-${state.area.replace("/", "-")}.csv`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
