// A JSON value as a tree that unfolds; deep and long ones stay folded until asked for.

import type { Json } from "alcove-client";
import { type MouseEvent, useState } from "react";
import { useTranslation } from "../i18n/translation";
import styles from "./Body.module.css";

/** Members of one object or list that are shown before a reader asks for more of them. */
const SHOWN = 200;
/** Signs of one string that are shown before a reader asks for all of it. */
const SIGNS = 4000;

export function JsonTree({ value }: { readonly value: Json }) {
  return (
    <div className={styles.tree}>
      <Node value={value} open />
    </div>
  );
}

type NodeProps = { readonly name?: string; readonly value: Json; readonly open?: boolean };

function Node({ name, value, open = false }: NodeProps) {
  const [unfolded, setUnfolded] = useState(open);
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
        <span className={styles.size}>{Array.isArray(value) ? `[${size}]` : `{${size}}`}</span>
      </summary>
      {unfolded && <Members members={Object.entries(value)} />}
    </details>
  );
}

function Members({ members }: { readonly members: readonly [string, Json][] }) {
  const { t } = useTranslation();
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
            {t("room.more", { count: left })}
          </button>
        </li>
      )}
    </ul>
  );
}

function Leaf({ value }: { readonly value: string | number | boolean | null }) {
  const { t } = useTranslation();
  const [inFull, setInFull] = useState(false);
  if (typeof value !== "string" || value.length <= SIGNS || inFull)
    return <span>{JSON.stringify(value)}</span>;
  return (
    <>
      <span>{JSON.stringify(value.slice(0, SIGNS))}</span>
      <button
        type="button"
        className={styles.rest}
        onClick={(event) => {
          focusSummary(event);
          setInFull(true);
        }}
      >
        {t("room.showAll")}
      </button>
    </>
  );
}

/** A button that goes away hands the focus to the object it stood in. */
function focusSummary({ currentTarget }: MouseEvent): void {
  currentTarget.closest("details")?.querySelector("summary")?.focus();
}
