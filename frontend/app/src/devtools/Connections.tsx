// Who is connected to the room by which process, and how far behind each connection is (rule W8).

import { useEffect, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { useSession } from "../session/useSession";
import { Button } from "../ui/Button";
import styles from "./Connections.module.css";
import { type ConnectionInfo, loadConnections } from "./connections";

type State =
  | { readonly is: "loading" | "forbidden" | "failed" }
  | { readonly is: "loaded"; readonly connections: readonly ConnectionInfo[] };

export default function Connections({ item }: { readonly item: string }) {
  const { t, locale } = useTranslation();
  const { session, credential } = useSession();
  const [state, setState] = useState<State>({ is: "loading" });
  const [asked, setAsked] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: asking again loads again
  useEffect(() => {
    const control = new AbortController();
    loadConnections(item, credential, session.platform, control.signal).then(
      (found) => setState(found === null ? { is: "forbidden" } : { is: "loaded", connections: found }),
      () => control.signal.aborted || setState({ is: "failed" }),
    );
    return () => control.abort();
  }, [item, credential, session, asked]);

  const time = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
  const number = new Intl.NumberFormat(locale);

  return (
    <div className={styles.connections}>
      <div className={styles.tools}>
        <p aria-live="polite">
          {state.is === "loaded"
            ? t("connections.count", { count: state.connections.length })
            : t(`connections.${state.is}`)}
        </p>
        <Button onClick={() => setAsked(asked + 1)}>{t("connections.refresh")}</Button>
      </div>
      {state.is === "loaded" && state.connections.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t("connections.member")}</th>
              <th scope="col">{t("connections.process")}</th>
              <th scope="col">{t("connections.state")}</th>
              <th scope="col">{t("connections.lag")}</th>
              <th scope="col">{t("connections.since")}</th>
            </tr>
          </thead>
          <tbody>
            {state.connections.map((one) => (
              <tr key={one.key}>
                <td>
                  <bdi>{one.name}</bdi>
                </td>
                <td>{one.process}</td>
                <td>{t(`connections.${one.state}`)}</td>
                <td>{number.format(one.lag)}</td>
                <td>{time.format(one.since)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
