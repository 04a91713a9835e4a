// A JSON value as a tree that unfolds; deep and long ones stay folded until asked for.
import { useState } from "react";
import type { Json } from "../../client/protocol.gen";
import styles from "./Body.module.css";

/** Members of one object or list that are shown at most; more would be no reading any more. */
const SHOWN = 200;

export function JsonTree({ value }: { readonly value: Json }) {
  return (
    <div className={styles.tree}>
      <Node value={value} open />
    </div>
  );
}

function Node({ name, value, open = false }: { name?: string; value: Json; open?: boolean }) {
  const [unfolded, setUnfolded] = useState(open);
  const label = name === undefined ? null : <span className={styles.key}>{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <>
        {label}
        {JSON.stringify(value)}
      </>
    );
  }
  const members: [string, Json][] = Object.entries(value);
  return (
    <details open={unfolded} onToggle={({ currentTarget }) => setUnfolded(currentTarget.open)}>
      <summary>
        {label}
        <span className={styles.size}>
          {Array.isArray(value) ? `[${members.length}]` : `{${members.length}}`}
        </span>
      </summary>
      {unfolded && (
        <ul>
          {members.slice(0, SHOWN).map(([key, member]) => (
            <li key={key}>
              <Node name={key} value={member} />
            </li>
          ))}
          {members.length > SHOWN && <li>…</li>}
        </ul>
      )}
    </details>
  );
}
