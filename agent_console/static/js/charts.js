// Charts for reports: <div data-chart='{"kind":"bar"|"line","labels":[...],"series":[{"name","values","tone"}]}'>.
// Bars start at zero, series are named at their own end instead of in a legend, colours follow the theme's states.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";
import { all } from "./dom.js";

use([BarChart, LineChart, GridComponent, TooltipComponent, AriaComponent, LabelLayout, CanvasRenderer]);

const TONES = ["act", "done", "soon", "over", "private", "quiet"];

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function tone(series, index) {
  const name = TONES.includes(series.tone) ? series.tone : TONES[index % TONES.length];
  return token(`--${name}`);
}

function lineOf(series, colour) {
  return {
    type: "line",
    symbol: "none",
    lineStyle: { width: 2, color: colour, type: series.dashed ? "dashed" : "solid" },
    endLabel: { show: true, formatter: series.name, color: colour, distance: 6 },
  };
}

function barOf(series, colour, alone) {
  return {
    type: "bar",
    barMaxWidth: 28,
    itemStyle: { color: colour, borderRadius: [2, 2, 0, 0] },
    label: { show: alone, position: "top", color: token("--ink-2"), fontSize: 11 },
  };
}

function optionOf(chart) {
  const quiet = token("--ink-2");
  const alone = chart.series.length === 1;
  const series = chart.series.map((one, index) => {
    const colour = tone(one, index);
    const shape = chart.kind === "line" || one.kind === "line" ? lineOf(one, colour) : barOf(one, colour, alone);
    return { ...shape, name: one.name, data: one.values, color: colour, labelLayout: { moveOverlap: "shiftY" } };
  });
  const isNamed = series.some((one) => one.endLabel);
  return {
    animation: false,
    aria: { enabled: true },
    textStyle: { fontFamily: token("--font"), color: token("--ink") },
    grid: { left: 8, right: isNamed ? 96 : 12, top: 24, bottom: 4, outerBoundsMode: "same" },
    // Drawn on the canvas: the content security policy refuses the inline styles of an HTML tooltip.
    tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: token("--surface"), borderColor: token("--line"), textStyle: { color: token("--ink") } },
    xAxis: { type: "category", data: chart.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: token("--line") } }, axisLabel: { color: quiet } },
    yAxis: { type: "value", min: 0, minInterval: 1, splitLine: { lineStyle: { color: token("--line") } }, axisLabel: { color: quiet } },
    series,
  };
}

function draw(element) {
  const chart = JSON.parse(element.dataset.chart);
  const drawing = init(element, null, { renderer: "canvas" });
  const render = () => drawing.setOption(optionOf(chart), true);
  render();
  document.addEventListener("themechange", render);
  new ResizeObserver(() => drawing.resize()).observe(element);
}

for (const element of all("[data-chart]")) draw(element);
