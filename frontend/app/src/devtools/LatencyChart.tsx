// The time from a send to its ack, send by send, as a live chart.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { useTranslation } from "../i18n/translation";
import "uplot/dist/uPlot.min.css";
import type { Latency } from "alcove-client";
import { onTheme } from "../ui/theme";
import styles from "./Frames.module.css";

const HEIGHT = 56;

export default function LatencyChart({ latencies }: { readonly latencies: readonly Latency[] }) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const last = latencies.at(-1);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const ink = () => getComputedStyle(element).color;
    const axis = {
      stroke: ink,
      grid: { stroke: ink, width: 0.15 },
      size: 56,
      space: 24,
      font: "12px system-ui",
      values: (_plot: uPlot, ticks: number[]) => ticks.map((ms) => `${ms} ms`),
    };
    const made = new uPlot(
      {
        width: element.clientWidth || 260,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, Math.max(5, max * 1.15)] } },
        padding: [6, 6, 4, 0],
        axes: [{ show: false }, axis],
        series: [{}, { stroke: ink, width: 1.5, points: { size: 4, fill: ink } }],
      },
      [[], []],
      element,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const leave = onTheme(() => made.redraw());
    return () => {
      leave();
      resized.disconnect();
      made.destroy();
    };
  }, []);

  useEffect(() => {
    plot.current?.setData([latencies.map((_, index) => index), latencies.map(({ ms }) => ms)]);
  }, [latencies]);

  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>
        {last === undefined
          ? t("developer.noLatency")
          : t("developer.latency", {
              ms: Math.round(last.ms),
              median: Math.round(median(latencies)),
              count: latencies.length,
            })}
      </figcaption>
      <div ref={box} className={styles.chart} aria-hidden="true" hidden={last === undefined} />
    </figure>
  );
}

function median(latencies: readonly Latency[]): number {
  const sorted = latencies.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
