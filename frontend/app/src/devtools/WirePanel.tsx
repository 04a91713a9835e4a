// Shows every line that is sent and received, for developers who build on the protocol.

import type { WireLine, WireLog } from "alcove-client";
import { lazy, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { useTranslation } from "../i18n/translation";
import { Field } from "../ui/Field";
import { LazyPart } from "../ui/LazyPart";
import styles from "./WirePanel.module.css";

const LatencyChart = lazy(() => import("./LatencyChart"));

type Way = "all" | "in" | "out";
const ways: readonly Way[] = ["all", "in", "out"];

export default function WirePanel({ wire }: { readonly wire: WireLog }) {
  const { t } = useTranslation();
  const now = useSyncExternalStore(wire.subscribe, wire.view);
  const [paused, setPaused] = useState<typeof now | null>(null);
  const [way, setWay] = useState<Way>("all");
  const [filter, setFilter] = useState("");
  const [copied, setCopied] = useState<readonly WireLine[] | null>(null);
  const list = useRef<VirtualizerHandle>(null);
  const { lines, latencies } = paused ?? now;
  const shown = useMemo(
    () => lines.filter((line) => (way === "all" || line.way === way) && line.text.includes(filter)),
    [lines, way, filter],
  );

  useEffect(() => {
    if (paused === null && shown.length > 0) list.current?.scrollToIndex(shown.length - 1, { align: "end" });
  }, [shown, paused]);

  async function copy() {
    const copying = shown;
    try {
      await navigator.clipboard.writeText(copying.map(written).join("\n"));
      setCopied(copying);
    } catch {
      // The reader said no to the browser's question: the button goes on saying what it would do.
    }
  }

  return (
    <section className={styles.panel} aria-label={t("wire.title")}>
      <h2 className={styles.title}>{t("wire.title")}</h2>
      <LazyPart>
        <LatencyChart latencies={latencies} />
      </LazyPart>
      <div className={styles.filter}>
        <Field label={t("wire.filter")} value={filter} onValue={setFilter} />
      </div>
      <div className={styles.tools}>
        {ways.map((one) => (
          <button key={one} type="button" aria-pressed={way === one} onClick={() => setWay(one)}>
            {t(`wire.${one}`)}
          </button>
        ))}
        <button
          type="button"
          aria-pressed={paused !== null}
          onClick={() => setPaused(paused === null ? now : null)}
        >
          {t("wire.pause")}
        </button>
        {/* On plain http there is no clipboard. */}
        {window.isSecureContext && (
          <button type="button" onClick={() => void copy()}>
            {t(copied === shown ? "wire.copied" : "wire.copy")}
          </button>
        )}
      </div>
      <section
        className={styles.lines}
        aria-label={t("wire.lines")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
        tabIndex={0}
      >
        <Virtualizer ref={list} data={shown}>
          {(line) => <Line key={line.n} line={line} />}
        </Virtualizer>
      </section>
    </section>
  );
}

function Line({ line }: { readonly line: WireLine }) {
  const { t } = useTranslation();
  return (
    <div className={styles.line} data-way={line.way}>
      <span className={styles.meta}>
        <span aria-hidden="true">{line.way === "in" ? "↓" : "↑"}</span>
        <span>{` ${t(`wire.${line.way}`)} · ${timeOf(line.at)} · ${t("wire.bytes", { count: line.size })}`}</span>
        {line.over !== "socket" && <span>{` · ${line.over}`}</span>}
      </span>
      <code>{line.text}</code>
    </div>
  );
}

function timeOf(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

function written({ way, at, size, text }: WireLine): string {
  return `${new Date(at).toISOString()} ${way} ${size} ${text}`;
}
