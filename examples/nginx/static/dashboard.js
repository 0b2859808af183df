// Fills the dashboard, and again every few seconds. Whatever came from elsewhere goes in as textContent only.
"use strict";

const EVERY = 5000, PATIENCE = 30000; // milliseconds
let shown = []; // ARNs
const at = (id) => document.getElementById(id);
const BADGE = { ACTIVE: "good", CREATING: "wait", CREATE_FAILED: "bad" };
const FAILURE = { 400: "Not an ARN", 403: "Access denied", 404: "Not found", 429: "Throttled" };

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// LOWEST_RESOLUTION → Lowest resolution; HD, FULL_HD and SD stay what they are.
function readable(word) {
  const special = { FULL_HD: "Full HD", HD: "HD", SD: "SD" };
  return special[word] || word.charAt(0) + word.slice(1).toLowerCase().replaceAll("_", " ");
}

function cell(label, ...children) {
  const made = element("td");
  made.dataset.label = label;
  const inner = element("div");
  inner.append(...children);
  made.append(inner);
  return made;
}

function chips(words) {
  const made = element("div", "chips");
  for (const word of words) made.append(element("span", "chip", readable(word)));
  return made;
}

function renditions(recording) {
  const named = (recording.renditions || "").split(" ").filter(Boolean);
  if (named.length) return chips(named);
  return element("span", "small", recording.rendition_selection ? readable(recording.rendition_selection) : "–");
}

function thumbnails(recording) {
  if (!recording.thumbnail_mode) return [element("span", "small", "–")];
  if (recording.thumbnail_mode !== "INTERVAL") return [element("span", "small", readable(recording.thumbnail_mode))];
  const every = recording.thumbnail_seconds ? `Every ${recording.thumbnail_seconds} s` : "Interval";
  const made = [element("div", "", every)];
  if (recording.thumbnail_resolution) made.push(element("div", "small", readable(recording.thumbnail_resolution)));
  return made;
}

function row(recording) {
  const made = element("tr");
  const [region, id] = [recording.arn.split(":")[3], recording.arn.split("/").pop()];
  const where = [recording.name && id, region].filter(Boolean).join(" · ");
  const name = cell("Recording", element("div", "name", recording.name || id), element("div", "id", where));
  name.title = recording.arn;
  made.append(name);
  if (recording.error) {
    made.append(cell("State", element("span", "badge bad", FAILURE[recording.status] || "No answer")));
    const why = cell("Reason", element("div", "failure", recording.error.message || recording.error.code),
      element("div", "small", recording.error.code));
    why.colSpan = 3;
    made.append(why);
    return made;
  }
  const state = cell("State", element("span", "badge " + (BADGE[recording.state] || ""), readable(recording.state || "UNKNOWN")));
  if (recording.age >= 1) state.firstChild.append(element("div", "small", `cached ${Math.floor(recording.age)} s ago`));
  made.append(state, cell("Bucket", element("span", "bucket", recording.bucket || "–")),
    cell("Renditions", renditions(recording)), cell("Thumbnails", ...thumbnails(recording)));
  return made;
}

function summary(list) {
  const active = list.filter((one) => one.state === "ACTIVE").length;
  const failing = list.filter((one) => one.error || one.state === "CREATE_FAILED").length;
  return `${active} of ${list.length} active` + (failing ? ` · ${failing} need${failing === 1 ? "s" : ""} attention` : "");
}

function tell(problem) {
  at("problem").hidden = !problem;
  at("problem").textContent = problem || "";
  at("live").className = "live " + (problem ? "off" : "on");
  if (!problem) at("live").textContent = "Updated " + new Date().toLocaleTimeString();
  else if (at("live").textContent === "Loading…") at("live").textContent = "Not updated";
}

async function refresh() {
  try {
    const response = await fetch("/recordings" + location.search, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    const data = await response.json();
    if (!response.ok) throw new Error(data.error.message);
    document.querySelector("table").hidden = false;
    at("rows").replaceChildren(...data.recordings.map(row));
    shown = data.recordings.map((one) => one.arn);
    at("summary").textContent = summary(data.recordings);
    tell();
  } catch (problem) {
    tell(problem instanceof TypeError || problem.name === "TimeoutError" ? "nginx does not answer; what is shown is from before." : problem.message);
  }
}

// One after the other: a slow answer is not asked for twice. A page that nobody sees asks for nothing.
async function watch() {
  if (!document.hidden) await refresh();
  setTimeout(watch, EVERY);
}

// One more beside those that are shown.
at("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const query = new URLSearchParams();
  for (const arn of [...shown, at("arn").value.trim()]) query.append("arn", arn);
  location.search = query;
});

watch();
