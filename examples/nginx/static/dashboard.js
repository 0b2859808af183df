// Fills the dashboard, and again every few seconds: each row as soon as its recording is known. Whatever came from elsewhere goes in as
// textContent only.
"use strict";

const EVERY = 5000, PATIENCE = 30000; // milliseconds
const OLD = 90; // seconds; an answer is fresh for 30 and served for 300 more while the service does not answer
let shown = []; // ARNs
const known = new Map(); // ARN → the recording, as it was last known
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

function chips(words, className) {
  const made = element("div", "chips " + (className || ""));
  for (const word of words) made.append(element("span", "chip", word));
  return made;
}

function renditions(recording) {
  const named = (recording.renditions || "").split(" ").filter(Boolean);
  if (named.length) return chips(named.map(readable));
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

function storage(recording) {
  const made = [element("div", "bucket", recording.bucket || "–")];
  if (recording.reconnect_seconds !== undefined) made.push(element("div", "small", `Reconnect window ${recording.reconnect_seconds} s`));
  return made;
}

function state(recording) {
  const made = [element("span", "badge " + (BADGE[recording.state] || ""), readable(recording.state || "UNKNOWN"))];
  if (recording.age >= 1) made.push(element("div", recording.age > OLD ? "small old" : "small", `${Math.floor(recording.age)} s ago`));
  return made;
}

function remover(arn, name) {
  const button = element("button", "remove", "×");
  button.type = "button";
  button.title = "Remove from this page";
  button.setAttribute("aria-label", `Remove ${name} from this page`);
  button.addEventListener("click", () => show(shown.filter((one) => one !== arn)));
  return cell("", button);
}

function row(arn) {
  const made = element("tr"), recording = known.get(arn) || {};
  const [region, id] = [arn.split(":")[3], arn.split("/").pop()];
  const where = [recording.name && id, region].filter(Boolean).join(" · ");
  const name = cell("Recording", element("div", "name", recording.name || id), element("div", "id", where));
  const tags = Object.entries(recording.tags || {}).sort().map(([key, value]) => (value ? `${key}: ${value}` : key));
  if (tags.length) name.firstChild.append(chips(tags, "tags"));
  name.title = arn;
  made.append(name);
  if (recording.error) {
    const isWaiting = recording.status === 429 && recording.error.kind === "timeout"; // nothing was sent: too many wait for their turn
    made.append(cell("State", element("span", "badge " + (isWaiting ? "wait" : "bad"),
      isWaiting ? "Not asked yet" : FAILURE[recording.status] || "No answer")));
    const why = cell("Reason", element("div", "failure", recording.error.message || recording.error.code),
      element("div", "small", recording.error.code));
    why.colSpan = 3;
    made.append(why);
  } else if (!recording.arn) {
    const wait = cell("State", element("span", "small", "Loading…"));
    wait.colSpan = 4;
    made.append(wait);
  } else {
    made.append(cell("State", ...state(recording)), cell("Storage", ...storage(recording)),
      cell("Renditions", renditions(recording)), cell("Thumbnails", ...thumbnails(recording)));
  }
  made.append(remover(arn, recording.name || id));
  return made;
}

function summary() {
  const list = shown.map((arn) => known.get(arn)).filter(Boolean);
  const active = list.filter((one) => one.state === "ACTIVE").length;
  const failing = list.filter((one) => one.error || one.state === "CREATE_FAILED").length;
  return `${active} of ${shown.length} active` + (failing ? ` · ${failing} need${failing === 1 ? "s" : ""} attention` : "");
}

function tell(problem) {
  at("problem").hidden = !problem;
  at("problem").textContent = problem || "";
  at("live").className = "live " + (problem ? "off" : "on");
  if (!problem) at("live").textContent = "Updated " + new Date().toLocaleTimeString();
  else if (at("live").textContent === "Loading…") at("live").textContent = "Not updated";
}

function notice(text) {
  at("notice").hidden = !text;
  at("notice").textContent = text || "";
}

function draw() {
  document.querySelector("table").hidden = shown.length === 0;
  at("rows").replaceChildren(...shown.map(row));
  at("summary").textContent = summary();
}

// The first object names the ARNs, each other one is a recording.
function take(object) {
  if (!object.arns) {
    known.set(object.arn, object);
    const place = shown.indexOf(object.arn), old = at("rows").children[place];
    if (old && !old.contains(document.activeElement)) old.replaceWith(row(object.arn));
    at("summary").textContent = summary();
    return;
  }
  const isNew = object.arns.join() !== shown.join();
  shown = object.arns;
  if (isNew) draw();
  notice(object.left_out > 0 && `${object.left_out} of the recordings asked for are not shown: this page shows ${object.most} at most.`);
}

async function lines(response, act) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) act(JSON.parse(part));
  }
}

let asking; // the request that is under way

async function refresh() {
  if (asking) asking.abort();
  const mine = asking = new AbortController();
  const signal = AbortSignal.any ? AbortSignal.any([mine.signal, AbortSignal.timeout(PATIENCE)]) : mine.signal;
  try {
    const response = await fetch("/recordings" + location.search, { cache: "no-store", signal });
    if (!response.ok) {
      shown = [];
      draw();
      notice();
      throw new Error((await response.json()).error.message);
    }
    await lines(response, (object) => { if (mine === asking) take(object); });
    if (mine === asking) tell();
  } catch (problem) {
    if (mine !== asking) return; // a newer request has taken its place
    tell(problem instanceof TypeError || problem.name === "TimeoutError" ? "nginx does not answer; what is shown is from before." : problem.message);
  }
}

// Shows other recordings; the browser's Back returns.
function show(arns) {
  const query = new URLSearchParams();
  for (const arn of arns.length ? arns : [""]) query.append("arn", arn);
  history.pushState(null, "", "?" + query);
  shown = arns;
  draw();
  refresh();
}

// One after the other: a slow answer is not asked for twice. A page that nobody sees asks for nothing.
async function watch() {
  if (!document.hidden) await refresh();
  setTimeout(watch, EVERY);
}

// One more beside those that are shown.
at("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const added = at("arn").value.trim().split(/[\s,]+/).filter((arn) => arn && !shown.includes(arn));
  at("arn").value = "";
  if (added.length) show([...shown, ...added]);
});

addEventListener("popstate", refresh);

watch();
