// Shows every frame that is sent and received, for developers who build on the protocol.

import type { WireLine, WireLog } from "alcove-client";
import { type KeyboardEvent, lazy, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { useTranslation } from "../i18n/translation";
import { CopyButton } from "../ui/CopyButton";
import { LazyPart } from "../ui/LazyPart";
import { Segments } from "../ui/Segments";
import { FrameRow } from "./FrameRow";
import styles from "./Frames.module.css";

const LatencyChart = lazy(() => import("./LatencyChart"));

type Way = "all" | "in" | "out";
const ways: readonly Way[] = ["all", "in", "out"];

export function Frames({ wire }: { readonly wire: WireLog }) {
  const { t } = useTranslation();
  const now = useSyncExternalStore(wire.subscribe, wire.view);
  const [paused, setPaused] = useState<typeof now | null>(null);
  const [way, setWay] = useState<Way>("all");
  const [filter, setFilter] = useState("");
  const [expanded, setExpanded] = useState<number | null>(null);
  const list = useRef<VirtualizerHandle>(null);
  const section = useRef<HTMLElement>(null);
  const { lines, latencies } = paused ?? now;
  const shown = useMemo(
    () => lines.filter((line) => (way === "all" || line.way === way) && line.text.includes(filter)),
    [lines, way, filter],
  );

  useEffect(() => {
    // A frame that is read must not move away.
    const isRead = expanded !== null || section.current?.querySelector("button:focus-visible") != null;
    if (paused === null && !isRead && shown.length > 0)
      list.current?.scrollToIndex(shown.length - 1, { align: "end" });
  }, [shown, paused, expanded]);

  return (
    <>
      <div className={styles.tools}>
        <input
          type="search"
          className={styles.filter}
          aria-label={t("developer.filter")}
          placeholder={t("developer.filter")}
          value={filter}
          onChange={({ target }) => setFilter(target.value)}
        />
        <Segments
          label={t("developer.frames")}
          isInRow
          value={way}
          options={ways.map((one) => [one, t(`developer.${one}`)] as const)}
          onValue={setWay}
        />
        <button
          type="button"
          aria-pressed={paused !== null}
          onClick={() => setPaused(paused === null ? now : null)}
        >
          {t("developer.pause")}
        </button>
        <CopyButton text={shown.map(written).join("\n")} />
      </div>
      <LazyPart>
        <LatencyChart latencies={latencies} />
      </LazyPart>
      <div className={styles.area}>
        <section
          ref={section}
          className={styles.frames}
          aria-label={t("developer.frames")}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
          tabIndex={0}
          onKeyDown={moveFocus}
        >
          <Virtualizer ref={list} data={shown}>
            {(line) => (
              <FrameRow
                key={line.n}
                line={line}
                isExpanded={line.n === expanded}
                onToggle={() => setExpanded(line.n === expanded ? null : line.n)}
              />
            )}
          </Virtualizer>
        </section>
      </div>
    </>
  );
}

/** Move the focus from row to row by ↑ and ↓; from the list itself, to the lowest row in view. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const rows = [...event.currentTarget.querySelectorAll("button")];
  const at = rows.indexOf(document.activeElement as HTMLButtonElement);
  const { bottom } = event.currentTarget.getBoundingClientRect();
  const inView = rows.filter((row) => row.getBoundingClientRect().bottom <= bottom + 1);
  const next = at < 0 ? inView.at(-1) : rows[at + (event.key === "ArrowUp" ? -1 : 1)];
  next?.focus();
  event.preventDefault();
}

function written({ way, at, size, text }: WireLine): string {
  return `${new Date(at).toISOString()} ${way} ${size} ${text}`;
}
