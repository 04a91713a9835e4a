// The first steps: a demo room for a look, code for an application, and fields for who has a token.

import { isRoomId } from "alcove-client";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useTranslation } from "../i18n/translation";
import { keptDemo } from "../session/demo";
import { inventName } from "../session/inventName";
import { useOpenMode } from "../session/useMode";
import { useSession } from "../session/useSession";
import { PageHeader } from "../shell/PageHeader";
import { loadFont } from "../styles/loadFont";
import { ConnectCard } from "../tutorial/ConnectCard";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Field } from "../ui/Field";
import { roomHref } from "../ui/roomHref";
import { useTitle } from "../ui/useTitle";
import { DEMO_ITEM } from "./demoRoom";
import styles from "./FirstRun.module.css";
import { Preview } from "./Preview";
import { Snippets } from "./Snippets";

/** The item of the tutorial, and that of the examples where a token is needed. */
const TUTORIAL_ITEM = "foo";
const EXAMPLE_ITEM = "order-1042";

/** `item`: the room that the address names; null on the first page. */
export default function FirstRun({ item }: { readonly item: string | null }) {
  const { t } = useTranslation();
  const { client, credential, session } = useSession();
  const mode = useOpenMode();
  const [, go] = useLocation();
  /** What the reader wrote; null before that. */
  const [chosen, setChosen] = useState<string | null>(null);
  const [name, setName] = useState(() => credential?.name ?? keptDemo()?.name ?? inventName());
  const example = mode === "open" ? TUTORIAL_ITEM : EXAMPLE_ITEM;
  const itemId = chosen ?? item ?? example;
  const signedItem = isRoomId(itemId) ? itemId : example;
  useTitle(item ?? t("home.title"));
  useEffect(loadFont, []);

  const card = (
    <ConnectCard
      key={mode}
      itemId={itemId}
      onItemId={setChosen}
      name={name}
      onName={setName}
      credential={credential}
      isOpen={mode === "open"}
      onConnect={(fresh) => {
        session.enter(fresh);
        go(roomHref(itemId));
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
                name={name}
                onName={setName}
                onEnter={(entered) => {
                  if (client === null) session.enterDemo(entered);
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
              <Command value={`alcove token --sub ada --item '${signedItem}=rw'`} />
              {card}
            </>
          )}
        </section>
        <section className={styles.code} aria-label={t("home.embed")}>
          <h2 className={styles.title}>{t("home.embed")}</h2>
          <Snippets item={mode === "open" ? (item ?? DEMO_ITEM) : signedItem} />
          {item === null && mode === "open" && <Preview item={DEMO_ITEM} />}
        </section>
      </div>
    </>
  );
}

/** A command line to be copied; it wraps, so that all of it is in sight. */
function Command({ value }: { readonly value: string }) {
  const { t } = useTranslation();
  return (
    <figure className={styles.command} aria-label={t("home.command")}>
      <code>{value}</code>
      <CopyButton text={value} />
    </figure>
  );
}

type DemoProps = {
  readonly label: string;
  readonly name: string;
  readonly onName: (name: string) => void;
  readonly onEnter: (name: string) => void;
};

function Demo({ label, name, onName, onEnter }: DemoProps) {
  const { t } = useTranslation();

  return (
    <form
      className={styles.demo}
      onSubmit={(event) => {
        event.preventDefault();
        onEnter(name.trim() === "" ? inventName() : name.trim());
      }}
    >
      <Field label={t("home.yourName")} value={name} onValue={onName} maxLength={64} />
      <Button type="submit" weight="strong">
        {label}
      </Button>
    </form>
  );
}
