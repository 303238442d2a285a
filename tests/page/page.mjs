// Opens report.html of a result folder from disk, turns its dial by mouse and by keyboard, and compares what it says with
// summary.csv; no console error, no request, nothing serious found by axe. Usage: node page.mjs DIR [SCREENSHOTS]

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [folder, shots] = process.argv.slice(2).map((path) => resolve(path));
const summary = readSummary(join(folder, "summary.csv"));
const address = pathToFileURL(join(folder, "report.html")).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const complaints = [];
let checks = 0;
try {
  if (await hasDial()) {
    await scores();
    await doors();
    await sorting();
    await choices();
  }
  await course();
  for (const scheme of ["light", "dark"]) for (const width of [1280, 390]) await look(width, scheme);
  assert.deepEqual(complaints, [], "no console error and no request");
  console.log(`report.html: ${checks} numbers equal those of summary.csv; keyboard, mouse, sorting, cards and axe are fine`);
} finally {
  await browser.close();
}

/** A number as the page writes it. */
function signed(value) {
  return (value < 0 && Number(value.toFixed(3)) !== 0 ? "\u2212" : "") + Math.abs(value).toFixed(3);
}

function dollars(value) {
  return (value < 0 ? "\u2212$" : "$") + Math.abs(value).toFixed(3);
}

/** The page, open and watched. */
async function open(options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.on("console", (message) => message.type() === "error" && complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => request.url().split("#")[0] !== address && complaints.push(`request: ${request.url()}`));
  await page.goto(address);
  return page;
}

/** Rows of the summary on the test split, as the page shows them. */
function readSummary(path) {
  const [header, ...lines] = readFileSync(path, "utf8").trim().split("\n").map(cells);
  const rows = lines.map((line) => Object.fromEntries(header.map((name, place) => [name, line[place]])));
  return rows.filter((row) => row.phase === "test" && row.arm === "");
}

/** The cells of a CSV line whose quoted cells hold no line break. */
function cells(line) {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare);
}

/** What the page and the summary say about every policy where the page stands. */
async function compare(page) {
  const seen = await page.evaluate(() => ({
    environment: document.querySelector("#environment").selectedOptions[0].textContent,
    task: document.querySelector("#task").selectedOptions[0].textContent.replace("all tasks", "all"),
    weight: document.querySelector("#weight").textContent,
    rows: [...document.querySelectorAll("#scores tbody tr")].map((row) => [
      row.dataset.policy,
      Object.fromEntries([...row.querySelectorAll("td[data-metric]")].map((cell) => [cell.dataset.metric, [cell.querySelector("button").textContent, cell.querySelector("small").textContent]])),
    ]),
  }));
  assert.ok(seen.rows.length > 1, "the table holds policies");
  for (const [policy, numbers] of seen.rows) {
    for (const [metric, [value, interval]] of Object.entries(numbers)) {
      const spans = metric === "sweep";
      const wanted = (row) => row.environment === seen.environment && row.policy === policy && row.task === seen.task && row.metric === (spans ? "sweep_reward" : metric) && row.w_cost === (spans ? "" : seen.weight);
      const found = summary.filter(wanted);
      assert.equal(found.length, 1, `one row for ${policy} ${metric} at ${seen.weight}`);
      const words = (text) => (metric === "cost_usd" ? dollars(1000 * Number(text)) : signed(Number(text)));
      assert.equal(value, words(found[0].value), `${policy} ${metric} at ${seen.weight}`);
      assert.equal(interval, found[0].ci_low === "" ? "no interval" : `[${words(found[0].ci_low)}, ${words(found[0].ci_high)}]`);
      checks += 1;
    }
  }
  return seen;
}

/** Whether there is a test split to turn the dial for; a page without one says so and hides what needs it. */
async function hasDial() {
  const page = await open();
  const found = await page.locator("#dial").isVisible();
  assert.equal(await page.locator("#nothing").isVisible(), !found, "a page without a dial says why");
  await page.close();
  return found;
}

/** Charts of the run as it goes on: there for every one that was drawn, each with words for those who cannot see it. */
async function course() {
  const page = await open();
  for (const svg of await page.locator("#course svg").all()) {
    assert.equal(await svg.getAttribute("role"), "img");
    assert.match(await svg.getAttribute("aria-label"), /Interval: .* n = /, "a chart says in words what it shows");
    const { width } = await svg.boundingBox();
    assert.ok(width > 300, "a chart is drawn");
  }
  const online = readFileSync(join(folder, "summary.csv"), "utf8").split("\n").some((line) => line.includes(",online,"));
  if (online) assert.ok((await page.locator("#course").textContent()).includes("Cumulative regret online"), "an online run is shown");
  await page.close();
}

/** The dial by keyboard and by mouse: every number changes with it and equals the summary's. */
async function scores() {
  const page = await open();
  await page.check("#models");
  const dial = page.locator("#dial");
  const first = await compare(page);
  const weights = await page.locator("#stops span").allTextContents();
  await dial.focus();
  await page.keyboard.press("Home");
  assert.equal((await compare(page)).weight, weights[0]);
  for (const weight of weights.slice(1)) {
    const before = await page.locator("#said").textContent();
    const place = await places(page);
    await page.keyboard.press("ArrowRight");
    const now = await compare(page);
    assert.equal(now.weight, weight, "an arrow key goes to the next measured weight");
    assert.match(await dial.getAttribute("aria-valuetext"), new RegExp(`${weight}$`));
    assert.notEqual(await page.locator("#said").textContent(), before, "the live region tells it");
    assert.notDeepEqual(await places(page), place, "points of the frontier moved");
  }
  const box = await dial.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 2, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  const dragged = await compare(page);
  assert.equal(dragged.weight, weights[0], "the mouse drags the dial to its first weight");
  assert.notDeepEqual(dragged.rows, first.rows);
  await page.close();
}

/** Where the large markers stand. */
function places(page) {
  return page.locator("#frontier .point").evaluateAll((nodes) => nodes.map((node) => node.style.transform));
}

/** A number opens the card with its cells, commands and manifest; Escape closes it; points answer to keys and pointer. */
async function doors() {
  const page = await open();
  const manifest = readFileSync(join(folder, "manifest.json"));
  const hash = createHash("sha256").update(manifest).digest("hex");
  const { cells: known, command } = JSON.parse(manifest);
  const row = page.locator("#scores tbody tr").first();
  const policy = await row.getAttribute("data-policy");
  const environment = await page.locator("#environment").evaluate((select) => select.selectedOptions[0].textContent);
  await row.locator("button").first().focus();
  await page.keyboard.press("Enter");
  const card = page.locator("#behind");
  assert.ok(await card.isVisible(), "Enter opens the card");
  const links = await card.locator(".cells a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  const own = known.filter((cell) => cell.policy === policy && cell.environment === environment);
  assert.deepEqual(links, own.map((cell) => `cells/${cell.id}.parquet`), "the card names every cell");
  const text = await card.textContent();
  for (const part of [command, hash, "n = ", "replicates"]) assert.ok(text.includes(part), `the card says ${part}`);
  await axeFinds(page, "card");
  await picture(page, "card");
  await page.keyboard.press("Escape");
  assert.ok(!(await card.isVisible()), "Escape closes the card");
  const point = page.locator("#frontier .point").last();
  await point.focus();
  assert.match(await page.locator("#tip").textContent(), /reward .*n = .*replicate/, "the focus tells the numbers");
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#tip").isHidden(), "Escape hides the tip");
  await page.mouse.move(5, 5);
  await page.waitForTimeout(400);
  await point.hover({ force: true });
  assert.match(await page.locator("#tip").textContent(), /n = /, "the pointer tells the numbers");
  await picture(page, "tip");
  await page.close();
}

/** Headings sort both ways and say so. */
async function sorting() {
  const page = await open();
  const heading = page.locator('#scores th[data-key="cost_usd"]');
  const order = async () => (await page.locator('#scores td[data-metric="cost_usd"] button').allTextContents()).map((words) => Number(words.replace("$", "")));
  await heading.locator("button").click();
  assert.equal(await heading.getAttribute("aria-sort"), "ascending");
  const rising = await order();
  assert.deepEqual(rising, [...rising].sort((left, right) => left - right));
  await page.keyboard.press("Enter");
  assert.equal(await heading.getAttribute("aria-sort"), "descending");
  assert.deepEqual(await order(), [...rising].reverse().sort((left, right) => right - left));
  await page.close();
}

/** Every environment and the last task; the address keeps the choice. */
async function choices() {
  const page = await open();
  for (const place of (await page.locator("#environment option").all()).keys()) {
    await page.locator("#environment").evaluate((select, place) => {
      select.selectedIndex = place;
      select.dispatchEvent(new Event("change"));
    }, place);
    await compare(page);
    await page.locator("#task").evaluate((select) => {
      select.selectedIndex = select.options.length - 1;
      select.dispatchEvent(new Event("change"));
    });
    const seen = await compare(page);
    const again = await page.evaluate(() => Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
    assert.deepEqual(again, { environment: seen.environment, task: seen.task, w_cost: seen.weight });
  }
  const kept = await compare(page);
  await page.reload();
  assert.deepEqual(await compare(page), kept, "the address brings the choice back");
  const claims = JSON.parse(await page.locator("#data").textContent()).claims;
  assert.equal(await page.locator("#claims li").count(), claims.length);
  await page.close();
}

/** One width and one colour scheme: nothing is wider than the window, axe is content; a picture where one is wanted. */
async function look(width, scheme) {
  const page = await open({ viewport: { width, height: 900 }, colorScheme: scheme });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${wide} px wider than a window of ${width}`);
  await axeFinds(page, `${width} ${scheme}`);
  await picture(page, `${width}-${scheme}`);
  await page.close();
}

/** A screenshot, where the caller named a folder for them. */
async function picture(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: name !== "card" });
  if (name === "1280-light") await page.pdf({ path: join(shots, "print.pdf"), format: "A4", printBackground: true });
}

/** Fails on what axe calls serious or critical. */
async function axeFinds(page, where) {
  await page.waitForTimeout(300);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const told = (violation) => `${violation.impact} ${violation.id}: ${violation.nodes.map((node) => node.html).slice(0, 3).join(" ")}`;
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(told);
  const lesser = violations.filter(({ impact }) => impact !== "serious" && impact !== "critical").map(told);
  if (lesser.length) console.log(`axe, ${where}: ${lesser.join("\n")}`);
  assert.deepEqual(serious, [], `axe, ${where}`);
}
