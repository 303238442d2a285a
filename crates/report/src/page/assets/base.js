// What every part uses: the numbers, what the reader chose, elements, words for numbers, the tip beside the pointer.

const data = JSON.parse(document.getElementById("data").textContent);
const chosen = { environment: 0, task: 0, step: 0, shown: new Set(), sort: "reward", falling: true, models: false };
const METRICS = {
  reward: { name: "reward", unit: "reward per request", words: (value) => plain(value, 3) },
  quality: { name: "quality", unit: "score per request", words: (value) => plain(value, 3) },
  cost_usd: { name: "dollars", unit: "USD per request", words: (value) => dollars(1000 * value, 3) },
  sweep: { name: "mean reward over preferences", unit: "reward per request", words: (value) => plain(value, 3) },
};

const find = (selector) => document.querySelector(selector);
const environment = () => data.environments[chosen.environment];
const weight = () => environment().weights[chosen.step];
const task = () => environment().tasks[chosen.task];

/** The number [value, low, high, n, replicates, method] of a policy, at this preference unless told; null where not measured. */
function number(policy, metric, step = chosen.step) {
  if (metric === "sweep") return chosen.task === 0 ? policy.sweep : null;
  return policy.measured[metric][chosen.task]?.[step] ?? null;
}

/** An element with attributes (functions are listeners) and children (text stays text). */
function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null));
  return node;
}

function plain(value, decimals) {
  const digits = Math.abs(value).toFixed(decimals);
  return value < 0 && /[1-9]/.test(digits) ? "\u2212" + digits : digits;
}

function dollars(value, decimals) {
  return (value < 0 ? "\u2212$" : "$") + Math.abs(value).toFixed(decimals);
}

function count(value) {
  return Math.round(value).toLocaleString("en-US");
}

/** "[low, high]" of a number, or why there is none. */
function interval(metric, found) {
  const { words } = METRICS[metric];
  return found[1] === null || found[2] === null ? "no interval" : `[${words(found[1])}, ${words(found[2])}]`;
}

/** The number in words: value, interval and n. */
function sentence(metric, found) {
  const [requests, replicates] = data.behind[found[3]];
  const size = `n = ${count(requests)}, ${replicates} replicate${replicates === 1 ? "" : "s"}`;
  return `${METRICS[metric].name} ${METRICS[metric].words(found[0])} ${interval(metric, found)}, ${size}`;
}

/** Ink of the page for the black and greys of references, which would vanish on a dark page; others keep their colour. */
function ink(look) {
  return { "#000000": "var(--ink)", "#555555": "var(--soft)", "#595959": "var(--soft)" }[look.color] ?? look.color;
}

/** The marker of a policy about (0, 0). */
function marker(look, radius) {
  return shape("path", {
    d: look.marker,
    class: look.open ? "marker open" : "marker",
    transform: `scale(${radius})`,
    "vector-effect": "non-scaling-stroke",
    style: `--color: ${ink(look)}`,
  });
}

/** The marker as a picture of its own, for tables and legends. */
function badge(policy) {
  return shape("svg", { class: "badge", viewBox: "-8 -8 16 16", "aria-hidden": "true" }, marker(policy.look, 5));
}

/** Shows lines of text near a place of the window. */
function tell(lines, x, y) {
  const tip = find("#tip");
  tip.replaceChildren(...lines.map((line, row) => element(row === 0 ? "strong" : "span", {}, line)));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, x + 14), document.documentElement.clientWidth - width - 8);
  tip.style.left = `${left}px`;
  tip.style.top = `${y + height + 20 > window.innerHeight ? y - height - 12 : y + 14}px`;
}

/** The same near an element that has the focus. */
function tellAt(node, lines) {
  const place = node.getBoundingClientRect();
  tell(lines, place.left + place.width / 2, place.bottom - 6);
}

function hush() {
  find("#tip").hidden = true;
}
