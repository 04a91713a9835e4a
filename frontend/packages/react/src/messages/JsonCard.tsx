// A JSON value as a card: one line, which opens to a tree.

import type { Json } from "alcove-client";
import { type MouseEvent, useState } from "react";
import { useAlcoveContext } from "../provider";
import styles from "./Body.module.css";
import { summaryOf } from "./summary";

/** Members of one object or list that are shown before the reader expands it. */
const SHOWN = 200;
/** Characters of one string that are shown before the reader expands it. */
const CHARACTERS = 4000;

/** Characters of the line that summarizes the value; it is cut where the card ends. */
const LINE = 200;

export default function JsonCard({ value }: { readonly value: Json }) {
  return (
    <div className={styles.card}>
      <Node value={value} line={summaryOf(value, LINE)} />
    </div>
  );
}

type NodeProps = { readonly name?: string; readonly value: Json; readonly line?: string };

function Node({ name, value, line }: NodeProps) {
  const [unfolded, setUnfolded] = useState(false);
  const label = name === undefined ? null : <span className={styles.key}>{`${name}: `}</span>;
  if (typeof value !== "object" || value === null) {
    return (
      <>
        {label}
        <Leaf value={value} />
      </>
    );
  }
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  return (
    <details open={unfolded} onToggle={({ currentTarget }) => setUnfolded(currentTarget.open)}>
      <summary>
        {label}
        <span className={styles.size}>{line ?? (Array.isArray(value) ? `[${size}]` : `{${size}}`)}</span>
      </summary>
      {unfolded && <Members members={Object.entries(value)} />}
    </details>
  );
}

function Members({ members }: { readonly members: readonly [string, Json][] }) {
  const { t } = useAlcoveContext();
  const [count, setCount] = useState(SHOWN);
  const left = members.length - count;
  return (
    <ul>
      {members.slice(0, count).map(([key, member]) => (
        <li key={key}>
          <Node name={key} value={member} />
        </li>
      ))}
      {left > 0 && (
        <li>
          <button
            type="button"
            className={styles.rest}
            onClick={(event) => {
              focusSummary(event);
              setCount(count + SHOWN);
            }}
          >
            {t("message.more", { count: left })}
          </button>
        </li>
      )}
    </ul>
  );
}

function Leaf({ value }: { readonly value: string | number | boolean | null }) {
  const { t } = useAlcoveContext();
  const [inFull, setInFull] = useState(false);
  if (typeof value !== "string" || value.length <= CHARACTERS || inFull)
    return <span>{JSON.stringify(value)}</span>;
  return (
    <>
      <span>{JSON.stringify(value.slice(0, CHARACTERS))}</span>
      <button
        type="button"
        className={styles.rest}
        onClick={(event) => {
          focusSummary(event);
          setInFull(true);
        }}
      >
        {t("message.showAll")}
      </button>
    </>
  );
}

/** Move the focus from a button that goes away to the object that it belongs to. */
function focusSummary({ currentTarget }: MouseEvent): void {
  currentTarget.closest("details")?.querySelector("summary")?.focus();
}
