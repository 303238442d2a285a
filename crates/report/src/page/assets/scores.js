// The table of scores: one row a policy, every number a door to what stands behind it.

const COLUMNS = [
  { key: "name", heading: "Policy", value: (policy) => policy.name },
  { key: "strip", heading: "Reward and interval" },
  ...["reward", "quality", "cost_usd", "sweep"].map((metric) => ({
    key: metric,
    metric,
    heading: { reward: "Reward", quality: "Quality", cost_usd: "Dollars per 1,000", sweep: "Mean reward over preferences" }[metric],
    value: (policy) => number(policy, metric)?.[0] ?? null,
  })),
  { key: "outcomes", heading: "Outcomes bought", value: (policy) => policy.outcomes, words: count },
  { key: "dollars", heading: "Dollars for them", value: (policy) => policy.dollars, words: (value) => dollars(value, 2) },
  { key: "trials", heading: "Tuning trials", value: (policy) => policy.trials, words: count },
];

/** Draws the headings once and the rows in the order that was asked for. */
function drawScores() {
  const where = task() === "all" ? "all tasks" : `task ${task()}`;
  find("#scores caption").replaceChildren(`${environment().label}, ${where}, w_cost ${weight()}, test split${environment().simulated ? ", simulated outcomes" : ""}${omitted(environment())}`);
  find("#scores thead").replaceChildren(element("tr", {}, COLUMNS.map(heading)));
  const policies = environment().policies.filter((policy) => chosen.models || policy.kind !== "model");
  const reach = extent(policies);
  find("#scores tbody").replaceChildren(...sorted(policies).map((policy) => row(policy, reach)));
}

function heading(column) {
  if (!column.value) return element("th", { scope: "col", class: "drawn" }, column.heading);
  const sorts = chosen.sort === column.key;
  const press = () => {
    chosen.falling = sorts ? !chosen.falling : column.key !== "name" && column.key !== "cost_usd";
    chosen.sort = column.key;
    drawScores();
    find(`#scores th[data-key="${column.key}"] button`).focus();
  };
  const arrow = element("span", { "aria-hidden": "true" }, sorts ? (chosen.falling ? " \u25BC" : " \u25B2") : "");
  const order = sorts ? (chosen.falling ? "descending" : "ascending") : null;
  return element("th", { scope: "col", "data-key": column.key, "aria-sort": order }, element("button", { click: press }, column.heading, arrow));
}

/** Rows by the chosen column; what was not measured comes last, ties stay as they were. */
function sorted(policies) {
  const { value } = COLUMNS.find((column) => column.key === chosen.sort);
  const sign = chosen.falling ? -1 : 1;
  const compare = (left, right) => {
    const [a, b] = [value(left), value(right)];
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
    return sign * (a < b ? -1 : a > b ? 1 : 0);
  };
  return [...policies].sort(compare);
}

function row(policy, reach) {
  const name = element("th", { scope: "row" }, badge(policy), policy.name, policy.kind === "reference" ? element("small", {}, "reference") : null);
  return element("tr", { "data-policy": policy.name, class: policy.kind }, name, COLUMNS.slice(1).map((column) => cell(policy, column, reach)));
}

function cell(policy, column, reach) {
  if (column.key === "strip") return element("td", { class: "drawn" }, strip(policy, number(policy, "reward"), reach));
  if (!column.metric) return element("td", {}, column.value(policy) === null ? "not told" : column.words(column.value(policy)));
  const found = number(policy, column.metric);
  if (!found) return element("td", {}, element("span", { title: "not measured" }, "\u2013"));
  const words = METRICS[column.metric].words(found[0]);
  const open = () => openNumber(policy, column.metric, found);
  const label = `${policy.name}, ${sentence(column.metric, found)}: what stands behind it`;
  const door = element("button", { class: "number", "aria-label": label, click: open }, words);
  const ends = element("small", {}, interval(column.metric, found));
  return element("td", { "data-metric": column.metric }, door, ends);
}

/** The part of the axis that routers need, with room: references beyond it are shown at its ends. */
function extent(policies) {
  const routers = policies.filter((policy) => policy.kind === "router" && number(policy, "reward"));
  const shown = routers.length > 1 ? routers : policies.filter((policy) => number(policy, "reward"));
  const ends = shown.flatMap((policy) => number(policy, "reward").slice(0, 3)).filter((end) => end !== null);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const room = 0.25 * (most - least);
  return [least - room, most + room];
}

/** Reward and its interval on one axis for all rows; an arrow where it lies beyond, nothing where it was not measured. */
function strip(policy, found, [least, most]) {
  if (!found) return "";
  const [value, low, high] = found;
  const x = (number) => 14 + (172 * Math.min(1, Math.max(0, (number - least) / (most - least || 1))));
  const beyond = value < least ? "M6 10L12 5V15z" : value > most ? "M194 10L188 5V15z" : null;
  const line = low === null || high === null ? null : shape("path", { d: `M${x(low)} 10H${x(high)}` });
  const mark = shape("g", { transform: `translate(${x(value)} 10)` }, marker(policy.look, 3.4));
  const drawn = beyond ? [shape("path", { class: "beyond", d: beyond })] : [line, mark];
  return shape("svg", { class: "strip", viewBox: "0 0 200 20", "aria-hidden": "true", style: `--color: ${ink(policy.look)}` }, drawn);
}
