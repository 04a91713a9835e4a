// The first steps: a demo room for a look, code for an application, and fields for who has a token.

import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useTranslation } from "../i18n/translation";
import { keptDemo } from "../session/demo";
import { useOpenMode } from "../session/useMode";
import { useSession } from "../session/useSession";
import { PageHeader } from "../shell/PageHeader";
import { loadFont } from "../styles/loadFont";
import { ConnectCard } from "../tutorial/ConnectCard";
import { Button } from "../ui/Button";
import { CopyField } from "../ui/CopyField";
import { Field } from "../ui/Field";
import { roomHref } from "../ui/roomHref";
import { useTitle } from "../ui/useTitle";
import { DEMO_ITEM, inventName } from "./demoRoom";
import styles from "./FirstRun.module.css";
import { Preview } from "./Preview";
import { Snippets } from "./Snippets";

/** `item`: the room that the address names; null on the first page. */
export default function FirstRun({ item }: { readonly item: string | null }) {
  const { t } = useTranslation();
  const { client, credential, session } = useSession();
  const mode = useOpenMode();
  const [, go] = useLocation();
  useTitle(item ?? t("home.title"));
  useEffect(loadFont, []);

  const card = (
    <ConnectCard
      key={mode}
      item={item}
      credential={credential}
      isOpen={mode === "open"}
      onConnect={(chosen, fresh) => {
        session.enter(fresh);
        go(roomHref(chosen));
      }}
    />
  );

  return (
    <>
      <div className={styles.bar}>
        <PageHeader title={null} />
      </div>
      <div className={styles.home}>
        <section className={styles.start} aria-label={t("home.start")}>
          <h1 className={styles.headline}>{item === null ? t("home.headline") : t("home.join", { item })}</h1>
          {item === null && <p className={styles.lead}>{t("home.lead")}</p>}
          {item !== null && mode === "open" && <p className={styles.lead}>{t("home.joinLead")}</p>}
          {mode === "open" && (
            <>
              <p className={styles.open}>{t("openMode.text")}</p>
              <Demo
                label={t(item === null ? "home.demo" : "home.enter")}
                onEnter={(name) => {
                  if (client === null) session.enterDemo(name);
                  go(roomHref(item ?? DEMO_ITEM));
                }}
              />
              <details className={styles.advanced}>
                <summary>{t("home.advanced")}</summary>
                {card}
              </details>
            </>
          )}
          {mode === "application" && <p>{t("home.application")}</p>}
          {mode === "signed" && (
            <>
              <p>{t("home.signed")}</p>
              <CopyField
                label={t("home.command")}
                value={`alcove token --sub ada --item '${item ?? "order-1042"}=rw'`}
              />
              {card}
            </>
          )}
        </section>
        <section className={styles.code} aria-label={t("home.embed")}>
          <h2 className={styles.title}>{t("home.embed")}</h2>
          <Snippets item={item ?? (mode === "open" ? DEMO_ITEM : "order-1042")} />
          {item === null && mode === "open" && <Preview item={DEMO_ITEM} />}
        </section>
      </div>
    </>
  );
}

type DemoProps = { readonly label: string; readonly onEnter: (name: string) => void };

function Demo({ label, onEnter }: DemoProps) {
  const { t } = useTranslation();
  const [name, setName] = useState(() => keptDemo()?.name ?? inventName());

  return (
    <form
      className={styles.demo}
      onSubmit={(event) => {
        event.preventDefault();
        onEnter(name.trim() === "" ? inventName() : name.trim());
      }}
    >
      <Field label={t("home.yourName")} value={name} onValue={setName} maxLength={64} />
      <Button type="submit" weight="strong">
        {label}
      </Button>
    </form>
  );
}
