// Quality against cost: lines that stay, and one large marker for each policy that moves with the dial.

const MARGIN = { left: 46, right: 14, top: 10, bottom: 42 };
/** Most policies whose buttons all stand open. */
const FEW = 18;
const frontier = { points: new Map(), scale: null };

/** Draws axes, lines and single models, then the markers. */
function drawFrontier() {
  const plot = find("#frontier .plot");
  const width = Math.max(280, plot.clientWidth);
  const height = Math.round(Math.min(460, Math.max(300, 0.62 * width)));
  const scale = (frontier.scale = scales(width, height));
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "group", "aria-label": "Quality against dollars per 1,000 requests, one marker a policy" });
  svg.append(axes(scale, width, height));
  const policies = environment().policies;
  const order = [...policies].sort((left, right) => stands(left) - stands(right));
  for (const policy of order) svg.append(policy.kind === "model" ? single(policy, scale) : sweep(policy, scale));
  frontier.points.clear();
  for (const policy of order.filter((policy) => policy.kind !== "model" && stands(policy))) svg.append(point(policy));
  svg.addEventListener("pointermove", (event) => near(event, svg));
  svg.addEventListener("pointerleave", hush);
  plot.replaceChildren(svg);
  moveFrontier();
}

const stands = (policy) => (chosen.shown.has(policy.name) ? 1 : 0);

/** [dollars per 1,000 requests, quality] of a policy at a step, or null. */
function place(policy, step) {
  const cost = number(policy, "cost_usd", step);
  const quality = number(policy, "quality", step);
  return cost && quality ? [1000 * cost[0], quality[0]] : null;
}

const steps = () => environment().weights.map((_, step) => step);
const path = (policy) => steps().map((step) => place(policy, step)).filter((found) => found !== null);

function scales(width, height) {
  const all = environment().policies.flatMap(path);
  const priced = all.map(([x]) => x).filter((x) => x > 0);
  const free = priced.length < all.length;
  const [xs, ys] = [priced.map(Math.log10), all.map(([, y]) => y)];
  const wide = (values, least) => {
    const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
    const room = Math.max(0.06 * (high - low), least);
    return [low - room, high + room];
  };
  const [[left, right], [low, high]] = [wide(xs, 0.05), wide(ys, 0.01)];
  // What costs nothing has no logarithm: it stands left of a break, or in the middle where everything is free.
  const start = MARGIN.left + (free ? 46 : 0);
  const zero = priced.length > 0 ? MARGIN.left + 14 : (MARGIN.left + width - MARGIN.right) / 2;
  const x = (value) => (free && !(value > 0) ? zero : start + ((Math.log10(value) - left) / (right - left)) * (width - start - MARGIN.right));
  const y = (value) => height - MARGIN.bottom - ((value - low) / (high - low)) * (height - MARGIN.top - MARGIN.bottom);
  const within = (least, place, most) => Math.min(most, Math.max(least, place));
  return {
    left, right, low, high, x, y, start, zero: free ? zero : null, priced: priced.length > 0,
    /** Where an end of an interval stands, at the edge of the plot if it lies beyond. */
    across: (value) => (value > 0 ? within(start, x(value), width - MARGIN.right) : free ? zero : MARGIN.left),
    along: (value) => within(MARGIN.top, y(value), height - MARGIN.bottom),
  };
}

function axes(scale, width, height) {
  const group = shape("g", { class: "axes", "aria-hidden": "true" });
  const [bottom, right] = [height - MARGIN.bottom, width - MARGIN.right];
  const text = (x, y, words, anchor) => shape("text", { x, y, "text-anchor": anchor }, words);
  let free = -Infinity;
  if (scale.zero !== null) {
    group.append(shape("path", { class: "grid", d: `M${scale.zero} ${MARGIN.top}V${bottom}` }), text(scale.zero, bottom + 16, "$0", "middle"));
    free = scale.zero;
  }
  for (let power = Math.floor(scale.left) - 1; scale.priced && power <= scale.right; power++) {
    for (const digit of [1, 2, 5]) {
      const value = Number(`${digit}e${power}`);
      const x = scale.x(value);
      if (x < scale.start || x > right) continue;
      group.append(shape("path", { class: "grid", d: `M${x} ${MARGIN.top}V${bottom}` }));
      if (x > free + 34 && x < right - 6) {
        group.append(text(x, bottom + 16, `$${value}`, "middle"));
        free = x;
      }
    }
  }
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((step) => (scale.high - scale.low) / step <= 8) ?? 1;
  for (let tick = Math.ceil(scale.low / step); tick * step <= scale.high; tick++) {
    const y = scale.y(tick * step);
    group.append(shape("path", { class: "grid", d: `M${MARGIN.left} ${y}H${right}` }));
    group.append(text(MARGIN.left - 6, y + 4, plain(tick * step, step < 0.1 ? 2 : 1), "end"));
  }
  group.append(shape("path", { class: "axis", d: `M${MARGIN.left} ${MARGIN.top}V${bottom}H${right}` }));
  if (scale.zero !== null && scale.priced) {
    const gap = scale.start - 16;
    group.append(shape("path", { class: "axis", d: `M${gap - 4} ${bottom + 4}l3 -8M${gap + 1} ${bottom + 4}l3 -8` }));
  }
  group.append(text(right, bottom + 34, "dollars per 1,000 requests (logarithmic)", "end"));
  group.append(shape("text", { transform: `translate(12 ${MARGIN.top + 4}) rotate(-90)`, "text-anchor": "end" }, "mean quality"));
  return group;
}

function single(policy, scale) {
  const found = path(policy)[0];
  if (!found) return shape("g");
  return shape("g", { transform: `translate(${scale.x(found[0])} ${scale.y(found[1])})` }, marker(policy.look, 4));
}

function sweep(policy, scale) {
  const places = path(policy).map(([x, y]) => [scale.x(x), scale.y(y)]);
  const group = shape("g", { class: stands(policy) ? "sweep" : "sweep dim", style: `--color: ${ink(policy.look)}` });
  group.append(shape("path", { d: "M" + places.map((pair) => pair.join(" ")).join("L"), "stroke-width": policy.look.width, "stroke-dasharray": policy.look.dash.join(" ") || null }));
  for (const [x, y] of places) group.append(shape("g", { transform: `translate(${x} ${y})` }, marker(policy.look, 2.6)));
  return group;
}

/** The marker that moves; reachable by keyboard. */
function point(policy) {
  const cross = shape("path", { class: "cross" });
  const act = () => number(policy, "reward") && openNumber(policy, "reward", number(policy, "reward"));
  const node = shape(
    "g",
    {
      class: "point",
      tabindex: "0",
      role: "button",
      style: `--color: ${ink(policy.look)}`,
      click: act,
      keydown: (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          act();
        }
      },
      focus: () => tellAt(node, about(policy, chosen.step)),
      blur: hush,
    },
    cross,
    shape("circle", { class: "halo", r: 10 }),
    marker(policy.look, 6.5),
  );
  frontier.points.set(policy.name, { node, cross, policy });
  return node;
}

/** Lines of the tip about a policy at a step of the dial. */
function about(policy, step) {
  const numbers = ["reward", "quality", "cost_usd"].map((metric) => [metric, number(policy, metric, step)]);
  const at = policy.kind === "model" ? "" : ` at w_cost ${environment().weights[step]}`;
  return [policy.name + at, ...numbers.filter(([, found]) => found).map(([metric, found]) => sentence(metric, found))];
}

/** Moves every large marker to where its policy stands at this preference. */
function moveFrontier() {
  const { scale } = frontier;
  for (const { node, cross, policy } of frontier.points.values()) {
    const found = place(policy, chosen.step);
    node.toggleAttribute("hidden", found === null);
    if (found === null) continue;
    const [x, y] = [scale.x(found[0]), scale.y(found[1])];
    node.style.transform = `translate(${x}px, ${y}px)`;
    node.setAttribute("aria-label", about(policy, chosen.step).join("; "));
    cross.setAttribute("d", arms(policy, x, y));
  }
}

/** The intervals of cost and quality as the two arms of a cross about the marker. */
function arms(policy, x, y) {
  const { scale } = frontier;
  const [, costLow, costHigh] = number(policy, "cost_usd");
  const [, low, high] = number(policy, "quality");
  let drawn = "";
  if (costLow !== null && costHigh !== null) drawn += `M${scale.across(1000 * costLow) - x} 0H${scale.across(1000 * costHigh) - x}`;
  if (low !== null && high !== null) drawn += `M0 ${scale.along(low) - y}V${scale.along(high) - y}`;
  return drawn;
}

/** Tells about the measured point nearest to the pointer, if it is near. */
function near(event, svg) {
  const box = svg.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  let best = null;
  for (const policy of environment().policies.filter((policy) => policy.kind === "model" || stands(policy))) {
    for (const step of policy.kind === "model" ? [chosen.step] : steps()) {
      const found = place(policy, step);
      if (found === null) continue;
      const far = Math.hypot(frontier.scale.x(found[0]) - x, frontier.scale.y(found[1]) - y) - (step === chosen.step ? 4 : 0);
      if (far < 16 && (best === null || far < best.far)) best = { far, policy, step };
    }
  }
  if (best === null) hush();
  else tell(about(best.policy, best.step), event.clientX, event.clientY);
}

/** Buttons that let a policy stand out or step back. */
function drawLegend() {
  const button = (policy) => {
    const node = element(
      "button",
      {
        "aria-pressed": String(stands(policy) === 1),
        click: () => {
          if (!chosen.shown.delete(policy.name)) chosen.shown.add(policy.name);
          node.setAttribute("aria-pressed", String(stands(policy) === 1));
          drawFrontier();
          drawMix();
        },
      },
      badge(policy),
      policy.name,
    );
    return node;
  };
  const policies = environment().policies.filter((policy) => policy.kind !== "model");
  const first = policies.length > FEW ? policies.filter(stands) : policies;
  const rest = policies.filter((policy) => !first.includes(policy));
  const more = element("details", {}, element("summary", {}, `${rest.length} more, drawn in grey`), element("div", {}, rest.map(button)));
  find("#frontier .legend").replaceChildren(...first.map(button), ...(rest.length > 0 ? [more] : []));
}
