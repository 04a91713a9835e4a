// The plan of the page: rooms and the account at the left, what the address names beside them.

import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { AccountBar } from "../account/AccountBar";
import { useTranslation } from "../i18n/translation";
import { useShortcuts } from "../shortcuts/useShortcuts";
import { LazyPart } from "../ui/LazyPart";
import { lazyWithTexts } from "../ui/lazyWithTexts";
import styles from "./Shell.module.css";
import { Sidebar } from "./Sidebar";
import { ONE_PANE, useMedia } from "./useMedia";
import { SheetContext } from "./useSheet";

const Shortcuts = lazyWithTexts(() => import("../shortcuts/Shortcuts"));

type ShellProps = {
  /** The item whose room is shown; null on other pages. */
  readonly item: string | null;
  readonly children: ReactNode;
};

export function Shell({ item, children }: ShellProps) {
  const { t } = useTranslation();
  const [here] = useLocation();
  const content = useRef<HTMLElement>(null);
  const sidebar = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [help, setHelp] = useState(false);
  const covered = useMedia(ONE_PANE) && isOpen;
  const sheet = useMemo(() => ({ isOpen, open: () => setOpen(true), close: () => setOpen(false) }), [isOpen]);

  useFocusOnPageChange(content, here, setOpen);

  useFocusOfSheet(sidebar, content, covered);

  useShortcuts(
    useMemo(
      () => ({
        search: () => {
          if (matchMedia(ONE_PANE).matches) setOpen(true);
          requestAnimationFrame(() => sidebar.current?.querySelector<HTMLElement>("[type=search]")?.focus());
        },
        help: () => setHelp(true),
      }),
      [],
    ),
  );

  return (
    <SheetContext value={sheet}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the sheet wherever the focus is in it */}
      <div
        className={styles.shell}
        data-sheet={isOpen}
        onKeyDown={({ key, defaultPrevented }) => {
          if (key === "Escape" && covered && !defaultPrevented) setOpen(false);
        }}
      >
        <a className={styles.skip} href="#content">
          {t("skip")}
        </a>
        <Sidebar ref={sidebar} item={item} />
        <main ref={content} id="content" className={styles.content} tabIndex={-1} inert={covered}>
          {children}
        </main>
        {/* Last in the order of Tab: on the way to the composer it would be one more stop. */}
        <AccountBar item={item} onShortcuts={() => setHelp(true)} />
      </div>
      {help && (
        <LazyPart onClose={() => setHelp(false)}>
          <Shortcuts onClose={() => setHelp(false)} />
        </LazyPart>
      )}
    </SheetContext>
  );
}

type Place = { readonly current: HTMLElement | null };

/** The focus moves into the sheet of rooms with it, and back to the button that opened it, unless it went elsewhere. */
function useFocusOfSheet(sheet: Place, page: Place, isOpen: boolean): void {
  const wasOpen = useRef(false);
  useEffect(() => {
    const from = document.activeElement;
    if (isOpen) sheet.current?.querySelector<HTMLElement>("button, a")?.focus();
    else if (wasOpen.current && (from === document.body || sheet.current?.contains(from)))
      page.current?.querySelector<HTMLElement>("[aria-controls=sidebar]")?.focus();
    wasOpen.current = isOpen;
  }, [sheet, page, isOpen]);
}

/** Another page begins at its top, unless something in it has taken the focus; the sheet that led there closes. */
function useFocusOnPageChange(content: Place, here: string, setOpen: (open: boolean) => void): void {
  const shown = useRef(here);
  useEffect(() => {
    if (shown.current === here) return;
    shown.current = here;
    setOpen(false);
    const page = content.current;
    if (page !== null && !page.contains(document.activeElement)) page.focus();
  }, [content, here, setOpen]);
}
