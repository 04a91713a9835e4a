// Saves the whole conversation as a file: the browser's search and printing reach only what is on screen.
import { useAlcove } from "alcove-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { Button } from "../ui/Button";
import styles from "./SaveConversation.module.css";
import { download, type Format, readAll, written } from "./save";

type State = { readonly is: "idle" | "failed" | "cut" } | { readonly is: "reading"; readonly count: number };

export function SaveConversation({ item }: { readonly item: string }) {
  const { t } = useTranslation();
  const client = useAlcove();
  const [state, setState] = useState<State>({ is: "idle" });
  const reading = useRef<AbortController | null>(null);

  useEffect(() => () => reading.current?.abort(), []);

  async function save(format: Format) {
    if (state.is === "reading") return;
    const control = new AbortController();
    reading.current = control;
    setState({ is: "reading", count: 0 });
    try {
      const count = (now: number) => setState({ is: "reading", count: now });
      const conversation = await readAll(client, item, count, control.signal);
      const [end, type] =
        format === "json" ? ["json", "application/json"] : ["txt", "text/plain;charset=utf-8"];
      download(
        `${item.replaceAll(":", "_")}.${end}`,
        written(conversation, format, t("save.deleted")),
        type ?? "",
      );
      setState({ is: conversation.whole ? "idle" : "cut" });
    } catch {
      if (!control.signal.aborted) setState({ is: "failed" });
    }
  }

  return (
    <section className={styles.save} aria-label={t("save.title")}>
      <h2 className={styles.title}>{t("save.title")}</h2>
      <p>{t("save.lead")}</p>
      <div className={styles.buttons}>
        <Button onClick={() => void save("text")}>{t("save.text")}</Button>
        <Button onClick={() => void save("json")}>{t("save.json")}</Button>
      </div>
      <p aria-live="polite">
        {state.is === "reading"
          ? t("save.reading", { count: state.count })
          : state.is === "failed"
            ? t("save.failed")
            : state.is === "cut"
              ? t("save.cut")
              : ""}
      </p>
    </section>
  );
}
