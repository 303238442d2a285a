// What stands behind a number: how it was made, the cells it was read from and the commands that make them again.

/** Opens the card about one number of one policy. */
function openNumber(policy, metric, found) {
  const { name, unit } = METRICS[metric];
  const spans = metric === "sweep";
  const [requests, replicates, method] = data.behind[found[3]];
  const ends = found[1] === null || found[2] === null ? "none" : `${found[1]} to ${found[2]}`;
  card(`${policy.name}: ${name}${spans ? "" : ` at w_cost ${weight()}`}`, [
    ["Value", `${found[0]} ${unit}`],
    ["Interval", `${ends} (${method})`],
    ["Requests", `n = ${count(requests)} in each replicate, ${count(replicates)} replicates`],
    ...basis(policy),
    ["Line of summary.csv", element("code", {}, line(policy, spans ? "sweep_reward" : metric, spans))],
    ...origin(policy),
  ]);
}

/** Opens the card about the models a policy sends requests to. */
function openMix(policy) {
  const shares = policy.mix[chosen.task][chosen.step];
  const models = environment().models.map((model, place) => [shares[place], model.name]);
  models.sort((left, right) => right[0] - left[0]);
  const list = models.map(([share, name]) => element("li", {}, `${(100 * share).toFixed(2)} % ${name}`));
  card(`${policy.name}: models at w_cost ${weight()}`, [
    ["Shares", element("ul", {}, list)],
    ...basis(policy),
    ["Lines of summary.csv", element("code", {}, line(policy, "arm_share", false))],
    ...origin(policy),
  ]);
}

/** Where a number of a policy is about, and what the policy had been shown before. */
function basis(policy) {
  const told = policy.outcomes !== null;
  const bought = !told ? "what was bought is not told" : `${count(policy.outcomes)} outcomes bought for ${dollars(policy.dollars, 2)}, mean over replicates`;
  const place = `${environment().label}, ${task() === "all" ? "all tasks" : `task ${task()}`}`;
  return [
    ["Measured on", `${place}, test split${environment().simulated ? "; simulated outcomes" : ""}`],
    ["Shown before", `${bought}; ${count(policy.trials)} tuning trials`],
  ];
}

function line(policy, metric, spans) {
  const at = spans ? "" : ` w_cost=${weight()}`;
  return `environment=${environment().label} policy=${policy.name} phase=test${at} task=${task()} metric=${metric}`;
}

/** Cells, commands and manifest. */
function origin(policy) {
  return [
    [`Cells (${policy.cells.length})`, cells(policy.cells)],
    ...(policy.gone.length > 0 ? [[`Missing cells (${policy.gone.length})`, element("p", {}, policy.gone.join(" "))]] : []),
    ["Made by", element("pre", {}, data.command)],
    ["Redrawn by", element("pre", {}, data.redraw)],
    ["Manifest", element("code", {}, `sha256 ${data.hash}`)],
  ];
}

function cells(ids) {
  const link = (id) => element("a", { href: `cells/${id}.parquet` }, id);
  return ids.length === 0 ? "none is named in the manifest" : element("ul", { class: "cells" }, ids.map((id) => element("li", {}, link(id))));
}

function card(heading, facts) {
  const close = element("button", { class: "close", click: () => find("#behind").close() }, "Close");
  find("#behind .card").replaceChildren(
    element("h2", { id: "behind-name" }, heading),
    element("dl", {}, facts.map(([name, fact]) => [element("dt", {}, name), element("dd", {}, fact)])),
    close,
  );
  hush();
  find("#behind").showModal();
}

/** Closes on a click beside the card. */
function prepareCard() {
  const dialog = find("#behind");
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
