// How to embed a room, in three ways, each to be copied.
import { useState } from "react";
import { useTranslation } from "../i18n/translation";
import { useOpenMode } from "../session/useMode";
import { SERVER } from "../ui/base";
import { CopyButton } from "../ui/CopyButton";
import { Segments } from "../ui/Segments";
import styles from "./Snippets.module.css";
import { type Kind, kinds, snippetOf } from "./snippets";

export function Snippets({ item }: { readonly item: string }) {
  const { t } = useTranslation();
  const isOpen = useOpenMode() === "open";
  const [kind, setKind] = useState<Kind>("script");
  const code = snippetOf(kind, item, SERVER, isOpen);

  return (
    <div className={styles.snippets}>
      <div className={styles.tools}>
        <Segments
          label={t("snippets.title")}
          value={kind}
          options={kinds.map((one) => [one, t(`snippets.${one}`)] as const)}
          onValue={setKind}
        />
        <CopyButton text={code} />
      </div>
      <pre className={styles.code}>
        <code>{code}</code>
      </pre>
      {kind === "script" && <p className={styles.hint}>{t("snippets.allow")}</p>}
      <p className={styles.hint}>{t(`snippets.${kind === "curl" ? "send" : isOpen ? "open" : "token"}`)}</p>
    </div>
  );
}
