// The language chosen last, kept where the browser allows it, and the check of a file.
// Without this script the page works too: languages switch by style, hashes are readable.
const KEY = "selv-language";
const TAGS = { "in-uz": "uz-Latn", "in-cy": "uz-Cyrl", "in-ru": "ru" };
const choices = [...document.querySelectorAll("input[name=language]")];

function remembered() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}

function remember(id) {
  document.documentElement.lang = TAGS[id];
  try { localStorage.setItem(KEY, id); } catch { /* a private window keeps nothing */ }
}

for (const choice of choices) choice.addEventListener("change", () => remember(choice.id));
const last = choices.find((choice) => choice.id === (location.hash.slice(1) || remembered()));
if (last) { last.checked = true; remember(last.id); }

const picker = document.getElementById("picker");
const check = document.getElementById("check");
if (picker && check) {
  check.hidden = false;
  picker.addEventListener("change", async () => {
    const file = picker.files[0];
    if (!file) return;
    let outcome = "unable", name = "";
    try {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
      const sum = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      const found = [...document.querySelectorAll("[data-sha256]")].find((row) => row.dataset.sha256 === sum);
      outcome = found ? "same" : "other";
      name = found ? found.dataset.path : file.name;
    } catch { /* no cryptography on this page's address, or no memory for the file */ }
    for (const said of document.querySelectorAll("[data-outcome]")) said.hidden = said.dataset.outcome !== outcome;
    document.getElementById("checked").textContent = name;
  });
}
