// @ts-check
// Live charts: Plotly on elements that stay, so that zoom and legend clicks outlive every new point.
import { el } from "../shared/dom.js";
import { curve } from "./columns.js";
import { termOf } from "../shared/terms.js";

/** @typedef {import("./contract.js").Chart} Chart */
/** @typedef {import("./contract.js").Kept} Kept */
/** @typedef {import("./contract.js").View} View */
/** @typedef {{figure: HTMLElement, plot: HTMLElement, chart: Chart, isSeen: boolean, isDue: boolean, isDrawn: boolean, rules: string}} Entry */
/** @typedef {{kept: Map<string, Kept>, view: View, axes: Record<string, string>, palette: string[], ink: string, grid: string, sentence: string}} Drawing */

const LONGEST_WAIT = 1500; // ms
const MARKED = 30; // points that are marked at most
const BREATH = 10; // drawing takes a tenth of a core at most
const LINEAR = new Set(["accuracy", "zeros", "dead"]); // never on a logarithmic axis
const CONFIG = { displaylogo: false, responsive: true, showSendToCloud: false, modeBarButtonsToRemove: ["select2d", "lasso2d"], scrollZoom: false };

/** @type {Promise<any> | null} */
let plotlyLoading = null;

/** Plotly's basic bundle, fetched with the first chart; it puts itself on the window. */
function loadPlotly() {
  plotlyLoading ??= import(new URL("../vendor/plotly-basic.min.js", import.meta.url).href).then(() => /** @type {any} */ (globalThis).Plotly);
  return plotlyLoading;
}

/** @param {string} name which Plotly would read some tags of */
const plain = (name) => name.replace(/&/g, "&amp;").replace(/</g, "&lt;");

/** After the frame that shows what was drawn. */
const painted = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));

/**
 * @param {Chart} chart
 * @param {Drawing} drawing
 */
export function traces(chart, drawing) {
  return chart.traces.flatMap((trace) => {
    const kept = drawing.kept.get(trace.run);
    if (!kept || !kept.columns[trace.column]) return [];
    const points = curve(kept, trace, chart.factor, drawing.view);
    const color = drawing.palette[trace.colour % drawing.palette.length];
    const marker = { color, symbol: trace.symbol, size: 7 };
    const count = points.x.length; // a line of one point would not be seen, nor one under many markers
    const mode = count === 1 ? "markers" : count > MARKED ? "lines" : trace.mode;
    return [{ type: "scatter", name: plain(trace.name), ...points, mode, line: { color, dash: trace.dash, width: 2 }, marker, hovertemplate: "%{y:.4g}" }];
  });
}

/**
 * @param {Chart} chart
 * @param {Drawing} drawing
 */
export function layoutOf(chart, { view, axes, ink, grid }) {
  const isLog = view.log && !LINEAR.has(chart.id);
  const line = { gridcolor: grid, zerolinecolor: grid, linecolor: grid };
  const percent = chart.id === "accuracy" ? { autorangeoptions: { clipmin: 0, clipmax: 100 } } : {};
  return {
    height: 250,
    autosize: true,
    margin: { l: 52, r: 10, t: 28, b: 38 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: ink, size: 12 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: grid, font: { color: ink } },
    showlegend: true,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    uirevision: `${view.x} ${isLog}`,
    xaxis: { ...line, title: { text: axes[view.x], standoff: 6 }, rangemode: "tozero" },
    yaxis: {
      ...line,
      ...percent,
      rangemode: chart.id === "learning_rate" ? "tozero" : "normal",
      type: isLog ? "log" : "linear",
      exponentformat: "power",
      minexponent: 4,
    },
  };
}

/**
 * Draws a chart. `react` lays all of it out anew; where nothing but points has come, `restyle` takes half of its time.
 * @param {any} plotly
 * @param {{plot: HTMLElement, rules: string}} entry with the rules by which it was drawn
 * @param {ReturnType<typeof traces>} data
 * @param {object} layout
 * @param {object} config
 */
export function put(plotly, entry, data, layout, config) {
  const rules = JSON.stringify([data.map(({ x, y, ...others }) => others), layout]);
  if (data.length > 0 && rules === entry.rules) return plotly.restyle(entry.plot, { x: data.map(({ x }) => x), y: data.map(({ y }) => y) });
  entry.rules = rules;
  return plotly.react(entry.plot, data, layout, config);
}

/** @param {HTMLElement} root */
export function createCharts(root) {
  /** @type {Map<string, Entry>} */
  const shown = new Map();
  // On a touch screen Plotly's buttons would always lie over the legend, and a swipe would zoom where it is to scroll.
  const isTouched = matchMedia("(hover: none)").matches;
  const config = { ...CONFIG, displayModeBar: isTouched ? false : "hover" };
  /** @type {Drawing | null} */
  let drawing = null;
  let isStopped = false;
  let spent = 0; // ms that the last drawing of all took
  let begun = -Infinity;
  let isDrawing = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  setTimeout(loadPlotly, 200); // so that it is there when the first point comes
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const entry = shown.get(/** @type {HTMLElement} */ (target).dataset.chart ?? "");
        if (!entry) continue;
        entry.isSeen = isIntersecting;
        if (isIntersecting && entry.isDue) draw(entry);
      }
    },
    { rootMargin: "200px" },
  );

  /** @param {Chart} chart */
  function made(chart) {
    const plot = el("div", { class: "plot", role: "group" });
    const save = el(
      "button",
      { type: "button", class: "save", "data-testid": `save-${chart.id}`, "aria-label": `Save as PNG: ${chart.title}`, onclick: () => savePng(entry) },
      "Save as PNG",
    );
    const head = el("figcaption", {}, el("span", termOf(chart.title), chart.title), save);
    const figure = el("figure", { class: "chart", "data-chart": chart.id, "data-testid": `chart-${chart.id}` }, head, plot);
    const entry = { figure, plot, chart, isSeen: false, isDue: true, isDrawn: false, rules: "" };
    shown.set(chart.id, entry);
    root.append(figure);
    observer.observe(figure);
    return entry;
  }

  /** @param {Entry} entry */
  async function draw(entry) {
    const plotly = await loadPlotly();
    if (isStopped || !drawing || !entry.plot.isConnected) return;
    entry.isDue = false;
    const start = performance.now();
    const data = traces(entry.chart, drawing);
    const isEmpty = data.every(({ x }) => x.length === 0);
    if (isEmpty && !entry.isDrawn && entry !== shown.values().next().value) return; // the first is made before its points
    entry.isDrawn = true;
    entry.plot.setAttribute("aria-label", `${entry.chart.title}, ${drawing.axes[drawing.view.x]}. ${drawing.sentence}`);
    const layout = { ...layoutOf(entry.chart, drawing), ...(isTouched && { dragmode: false }) };
    const drawn = put(plotly, entry, data, layout, config);
    if (!isEmpty) spent += performance.now() - start; // the first points do not wait for empty charts
    await drawn;
    entry.figure.dataset.points = String(Math.max(0, ...data.map((trace) => trace.x.length)));
  }

  /**
   * The curves as they are seen, zoomed as they are, on the colour of the page, under their title.
   * @param {{plot: HTMLElement, chart: Chart}} entry
   */
  async function savePng({ plot, chart }) {
    const plotly = await loadPlotly();
    const { data, layout } = /** @type {any} */ (plot);
    if (!data) return;
    const paper_bgcolor = getComputedStyle(root).getPropertyValue("--surface").trim() || "#ffffff";
    const figure = { data, layout: { ...layout, paper_bgcolor, title: { text: chart.title, x: 0.02 }, margin: { ...layout.margin, t: 70 } } };
    const href = await plotly.toImage(figure, { format: "png", width: 800, height: 450, scale: 2 });
    el("a", { href, download: `${chart.id}.png` }).click();
  }

  /** @param {Entry} entry */
  const isToDraw = (entry) => entry.isDue && entry.isSeen && !entry.figure.hidden && entry.plot.isConnected;

  /** Draws what is due and seen, each chart before the next is begun; a slow machine is given time for everything else. */
  async function drawDue() {
    clearTimeout(waiting);
    if (isStopped || isDrawing) return; // who draws looks again when it is through
    const wait = begun + Math.min(BREATH * spent, LONGEST_WAIT) - performance.now();
    if (wait > 0) {
      waiting = setTimeout(drawDue, wait);
      return;
    }
    [begun, spent, isDrawing] = [performance.now(), 0, true];
    try {
      for (const entry of [...shown.values()].filter(isToDraw)) {
        await draw(entry);
        await painted();
      }
    } finally {
      isDrawing = false;
    }
    if ([...shown.values()].some(isToDraw)) drawDue();
  }

  return {
    /**
     * @param {Chart[]} charts
     * @param {Drawing} next
     */
    update(charts, next) {
      drawing = next;
      const ids = new Set(charts.map(({ id }) => id));
      for (const [id, { figure, plot }] of shown) {
        if (ids.has(id)) continue;
        observer.unobserve(figure);
        loadPlotly().then((plotly) => plotly.purge(plot));
        figure.remove();
        shown.delete(id);
      }
      charts.forEach((chart, place) => {
        const entry = shown.get(chart.id) ?? made(chart);
        if (root.children[place] !== entry.figure) root.insertBefore(entry.figure, root.children[place] ?? null);
        entry.chart = chart;
        entry.isDue = true;
        const hasCurve = traces(chart, next).length > 0;
        entry.figure.hidden = !hasCurve;
      });
      drawDue();
    },
    /** Every chart shows its whole curves again. */
    async reset() {
      const plotly = await loadPlotly();
      for (const { plot } of shown.values())
        if (plot.classList.contains("js-plotly-plot")) plotly.relayout(plot, { "xaxis.autorange": true, "yaxis.autorange": true });
    },
    stop() {
      isStopped = true;
      clearTimeout(waiting);
      observer.disconnect();
      if (plotlyLoading) plotlyLoading.then((plotly) => [...shown.values()].forEach(({ plot }) => plotly.purge(plot)));
    },
  };
}
