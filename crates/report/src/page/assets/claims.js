// Claims with their verdicts, and what the page as a whole was made from.

const VERDICTS = { pass: ["\u2713", "pass"], fail: ["\u2717", "fail"], inconclusive: ["?", "inconclusive"] };

/** Draws the claims, each with its effect, rule, reason and what both sides had bought. */
function drawClaims() {
  find("#claims").hidden = data.claims.length === 0;
  const tally = Object.values(VERDICTS).map(([, name]) => [data.claims.filter((claim) => claim.verdict === name).length, name]);
  find("#tally").replaceChildren(`${data.claims.length} claims: ${tally.map(([size, name]) => `${size} ${name}`).join(", ")}. Decided by rule from paired replicates, never by hand.`);
  find("#claims ol").replaceChildren(...data.claims.map(claim));
}

function claim(found) {
  const [sign, name] = VERDICTS[found.verdict];
  return element(
    "li",
    { id: `claim-${found.id}`, class: found.verdict },
    element("p", { class: "verdict" }, element("span", { "aria-hidden": "true" }, `${sign} `), name),
    element("div", {}, element("p", { class: "claim" }, found.text), measured(found), element("p", {}, found.why), element("details", {}, element("summary", {}, "Rule and basis"), element("p", {}, found.rule), element("p", {}, paid(found)))),
  );
}

/** The effect with its interval; relative ones in per cent. */
function measured(found) {
  if (found.effect === null) return null;
  const relative = found.rule.includes(" of the relative ");
  const words = (value) => (relative ? `${plain(100 * value, 2)} %` : plain(value, 4));
  const ends = found.low === null || found.high === null ? "" : ` [${words(found.low)}, ${words(found.high)}]`;
  return element("p", {}, "measured ", element("strong", {}, words(found.effect)), `${ends}, ${found.replicates} replicates, n = ${count(found.n)}`);
}

function paid(found) {
  const words = `Outcomes bought: ${count(found.outcomes_candidate)} by the candidate, ${count(found.outcomes_baseline)} by the baseline.`;
  return `${words} Claim ${found.id} of claims.json; decided again by: barp claims DIR`;
}

/** What is too much for a page, and where it stands. */
function omitted(environment) {
  const policies = environment.left_out > 0 ? `; ${count(environment.left_out)} policies with less reward are left out here, see tables/scores.csv` : "";
  return `${environment.cut ? "; scores by task are too many for this page, see tables/tasks.csv" : ""}${policies}`;
}

/** Which cells this page lacks, at the top. */
function drawMissing() {
  const rest = data.missing - data.gone.length;
  find("#missing").hidden = data.missing === 0;
  find("#missing").textContent = `${count(data.missing)} of ${count(data.cells)} cells are missing, and so are their numbers: ${data.gone.join("; ")}${rest > 0 ? `; and ${count(rest)} more` : ""}. Intervals here are over the replicates that are there. To compute them: ${data.command}`;
}

/** Draws what the page was made from. */
function drawRun() {
  const computed = `${count(data.cells - data.missing)} of ${count(data.cells)} computed`;
  const facts = [
    ["Made by", element("pre", {}, data.command)],
    ["Redrawn by", element("pre", {}, data.redraw)],
    ["Manifest", element("code", {}, `sha256 ${data.hash}`)],
    ["Cells", data.missing > 0 ? element("strong", {}, `${computed}; the numbers of the others are missing here`) : computed],
    ["Seed", String(data.seed)],
    ["barp", data.barp],
    ...data.environments.map((environment) => [`Environment ${environment.label}`, `${environment.simulated ? "simulated" : "recorded rows"}, fingerprint ${environment.fingerprint}${omitted(environment)}`]),
  ];
  find("#run dl").replaceChildren(...facts.flatMap(([name, fact]) => [element("dt", {}, name), element("dd", {}, fact)]));
}
