// The dial and the two choices, and what is drawn again when one of them moves.

/** A new environment: its weights, tasks and policies; the preference stays where it can. */
function enter(position, wanted) {
  chosen.environment = position;
  chosen.task = 0;
  const { weights, tasks, policies } = environment();
  const distance = (step) => Math.abs(weights[step] - wanted);
  chosen.step = weights.reduce((best, _, step) => (distance(step) < distance(best) ? step : best), 0);
  chosen.shown = new Set(policies.filter((policy) => policy.shown && policy.kind !== "model").map((policy) => policy.name));
  find("#dial").max = weights.length - 1;
  find("#dial").value = chosen.step;
  find("#stops").replaceChildren(...weights.map((weight) => element("span", {}, String(weight))));
  find("#task").replaceChildren(...tasks.map((name, place) => element("option", { value: place }, name === "all" ? "all tasks" : name)));
  find("#task-choice").hidden = tasks.length < 2;
  const { simulated, priced } = environment();
  find("#priced").hidden = !priced;
  find("#source").className = simulated ? "simulated" : "";
  find("#source").textContent = simulated ? "SIMULATED: requests and outcomes come from a fitted generator, not from recorded rows." : "Recorded rows.";
  drawLegend();
  drawFrontier();
  turn();
}

/** What depends on the preference. */
function turn() {
  hush();
  const words = String(weight());
  find("#weight").textContent = words;
  find("#dial").setAttribute("aria-valuetext", `w_cost ${words}`);
  [...find("#stops").children].forEach((stop, step) => stop.classList.toggle("here", step === chosen.step));
  moveFrontier();
  drawMix();
  drawScores();
  find("#said").replaceChildren(...summary());
  remember();
}

/** In a sentence: the best router here, what it costs, and who else stands. */
function summary() {
  const earned = (policy) => number(policy, "reward");
  const best = (kind) => {
    const all = environment().policies.filter((policy) => policy.kind === kind && earned(policy));
    return all.reduce((best, policy) => (best === null || earned(policy)[0] > earned(best)[0] ? policy : best), null);
  };
  const told = (policy) => {
    const [reward, quality, cost] = ["reward", "quality", "cost_usd"].map((metric) => [metric, number(policy, metric)]);
    const words = ([metric, found]) => (found ? METRICS[metric].words(found[0]) : "\u2013");
    return [element("strong", {}, policy.name), ` ${words(reward)} ${interval("reward", reward[1])} (quality ${words(quality)}, ${words(cost)} per 1,000 requests)`];
  };
  const [router, reference, model] = ["router", "reference", "model"].map(best);
  const parts = [];
  if (router) parts.push("Highest mean reward here among routers: ", ...told(router), ". ");
  if (model) parts.push("Best single model: ", ...told({ ...model, name: model.model }), ". ");
  if (reference?.oracle) parts.push("Oracle: ", METRICS.reward.words(earned(reference)[0]), ".");
  return [element("span", {}, `At w_cost ${weight()}: `), ...parts];
}

/** Keeps the choice in the address, so that it can be shared. */
function remember() {
  const words = new URLSearchParams({ environment: environment().label, task: task(), w_cost: weight() });
  try {
    history.replaceState(null, "", `#${words}`);
  } catch {
    // A viewer that forbids it loses the shared address only.
  }
}

function start() {
  const asked = new URLSearchParams(location.hash.slice(1));
  prepareCard();
  drawClaims();
  drawRun();
  drawMissing();
  const measured = data.environments.filter((environment) => environment.weights.length > 0);
  data.environments = measured;
  if (measured.length === 0) {
    ["#dial-section", ".figures", "#scores"].forEach((part) => (find(part).hidden = true));
    find("#nothing").hidden = false;
    find("#source").textContent = data.simulated ? "SIMULATED outcomes." : "Recorded rows.";
    return;
  }
  find("#environment").replaceChildren(...measured.map(({ label }, place) => element("option", { value: place }, label)));
  find("#environment-choice").hidden = measured.length < 2;
  find("#environment").addEventListener("change", (event) => enter(Number(event.target.value), weight()));
  find("#task").addEventListener("change", (event) => {
    chosen.task = Number(event.target.value);
    drawFrontier();
    turn();
  });
  find("#dial").addEventListener("input", (event) => {
    chosen.step = Number(event.target.value);
    turn();
  });
  find("#models").addEventListener("change", (event) => {
    chosen.models = event.target.checked;
    drawScores();
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hush());
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - width) > 1) drawFrontier();
    width = entry.contentRect.width;
  }).observe(find("#frontier .plot"));
  const first = Math.max(0, measured.findIndex(({ label }) => label === asked.get("environment")));
  find("#environment").value = first;
  enter(first, asked.has("w_cost") ? Number(asked.get("w_cost")) : 0.2);
  const wanted = environment().tasks.indexOf(asked.get("task"));
  if (wanted > 0) {
    find("#task").value = wanted;
    find("#task").dispatchEvent(new Event("change"));
  }
}

start();
