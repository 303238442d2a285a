// Who answers: one bar for each policy that stands out, one segment for each model.

/** Draws the bars and their key at this preference. */
function drawMix() {
  const held = (policy) => chosen.shown.has(policy.name) && policy.mix[chosen.task]?.[chosen.step]?.length > 0;
  const policies = environment().policies.filter(held);
  find("#mix").hidden = !environment().policies.some((policy) => policy.mix.flat().some((shares) => shares.length > 0));
  find("#mix .bars").replaceChildren(...policies.map(bar));
  const sent = (place) => policies.some((policy) => policy.mix[chosen.task][chosen.step][place] >= 0.005);
  const item = (model) => element("li", {}, element("span", { class: "swatch", style: `--model: ${model.color}` }), model.short);
  find("#mix .key").replaceChildren(...environment().models.filter((_, place) => sent(place)).map(item));
}

function bar(policy) {
  const shares = policy.mix[chosen.task][chosen.step];
  const models = environment().models.map((model, place) => ({ ...model, share: shares[place] }));
  const segments = models.filter((model) => model.share > 0).map((model) => segment(policy, model));
  const largest = models.filter((model) => model.share >= 0.005).sort((left, right) => right.share - left.share);
  const words = largest.map((model) => `${model.short} ${percent(model.share)}`);
  const node = element(
    "button",
    {
      class: "bar",
      "aria-label": `${policy.name}: ${words.join(", ")}`,
      click: () => openMix(policy),
      focus: () => node.matches(":focus-visible") && tellAt(node, [`${policy.name} at w_cost ${weight()}`, ...words]),
      blur: hush,
      pointerleave: hush,
    },
    element("span", { class: "name" }, badge(policy), policy.name),
    element("span", { class: "track" }, segments),
  );
  return node;
}

function segment(policy, model) {
  const lines = [`${model.name}: ${percent(model.share)}`, `of ${policy.name}'s requests at w_cost ${weight()}`];
  return element("span", {
    class: "segment",
    style: `flex-grow: ${model.share}; --model: ${model.color}`,
    pointermove: (event) => tell(lines, event.clientX, event.clientY),
  });
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;
