// What the emoji button opens: a search, the groups, and the emoji of one of them.

import { type KeyboardEvent, type RefObject, useEffect, useId, useMemo, useRef, useState } from "react";
import { useAlcove, useAlcoveContext } from "../provider";
import styles from "./EmojiPicker.module.css";
import { recentEmoji, recordEmoji } from "./recent";
import { type Emoji, type EmojiGroup, findEmoji, readGroups, type WrittenGroup } from "./search";

type EmojiPickerProps = {
  /** Where a chosen emoji is inserted. */
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly onText: (text: string) => void;
  readonly onClose: () => void;
};

/** They are here and not with the other texts, as nobody needs them before. */
const LANGUAGES = {
  en: {
    texts: { search: "Search emoji", recent: "Recently used", none: "No emoji found" },
    load: () => import("./en.gen"),
  },
  es: {
    texts: { search: "Buscar un emoji", recent: "Usados hace poco", none: "No se encontraron emojis" },
    load: () => import("./es.gen"),
  },
};

export default function EmojiPicker({ field, onText, onClose }: EmojiPickerProps) {
  const { t, locale } = useAlcoveContext();
  const { texts, load } = LANGUAGES[locale.startsWith("es") ? "es" : "en"];
  const [groups, setGroups] = useState<readonly WrittenGroup[] | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for once
  useEffect(() => {
    // Closed, if there are none: its button asks again.
    load().then((module) => setGroups(module.default), onClose);
  }, []);

  if (groups === null) return null;

  function close() {
    onClose();
    field.current?.focus();
  }

  function insert(emoji: string) {
    const area = field.current;
    if (area === null) return;
    // The field keeps its caret while the focus is elsewhere.
    area.setRangeText(emoji, area.selectionStart, area.selectionEnd, "end");
    onText(area.value);
    close();
  }

  return (
    <div
      role="dialog"
      tabIndex={-1}
      className={styles.panel}
      aria-label={t("composer.emoji")}
      onBlur={({ currentTarget, relatedTarget }) => !currentTarget.contains(relatedTarget) && onClose()}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
      // The focus stays in the search: some browsers give it to no button that is pressed, and the panel would close.
      onMouseDown={(event) => !(event.target as Element).matches("[type=search]") && event.preventDefault()}
    >
      <Choice groups={groups} texts={texts} onChoose={insert} />
    </div>
  );
}

type ChoiceProps = {
  readonly groups: readonly WrittenGroup[];
  readonly texts: (typeof LANGUAGES)["en"]["texts"];
  readonly onChoose: (emoji: string) => void;
};

/** The search, the groups, and the emoji of one group or those found. */
function Choice({ groups: written, texts, onChoose }: ChoiceProps) {
  const client = useAlcove();
  const all = useMemo(() => readGroups(written), [written]);
  const groups = useMemo(() => withRecent(all, recentEmoji(client), texts.recent), [all, client, texts]);
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const search = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const name = useId();

  useEffect(() => search.current?.focus(), []);

  const isSearching = text.trim() !== "";
  const group = groups[chosen];
  const shown = isSearching ? findEmoji(all, text) : (group?.emoji ?? []);

  function choose(emoji: string) {
    recordEmoji(client, emoji);
    onChoose(emoji);
  }

  function onSearchKey(event: KeyboardEvent) {
    const first = shown[0];
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") grid.current?.querySelector("button")?.focus();
    else if (event.key === "Enter" && isSearching && first !== undefined) choose(first.emoji);
    else if (event.key !== "Enter") return;
    event.preventDefault();
  }

  return (
    <>
      <input
        ref={search}
        type="search"
        className={styles.search}
        value={text}
        placeholder={texts.search}
        aria-label={texts.search}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onSearchKey}
      />
      {!isSearching && (
        <div className={styles.groups}>
          {groups.map(({ name: label, emoji }, index) => (
            <label key={label} title={label}>
              <input
                type="radio"
                className={styles.hidden}
                name={name}
                aria-label={label}
                checked={index === chosen}
                onChange={() => setChosen(index)}
              />
              <span aria-hidden="true">{emoji[0]?.emoji}</span>
            </label>
          ))}
        </div>
      )}
      {/* Another group begins at its top. */}
      <div
        key={isSearching ? "found" : group?.name}
        ref={grid}
        role="toolbar"
        className={styles.grid}
        aria-label={isSearching ? texts.search : group?.name}
        onKeyDown={(event) => move(event, search.current)}
      >
        {shown.map(({ emoji, name: label }, index) => (
          <button
            key={emoji}
            type="button"
            // One stop of Tab: the arrows move from one to the next.
            tabIndex={index === 0 ? 0 : -1}
            aria-label={label}
            title={label}
            onClick={() => choose(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
      <p role="status" className={shown.length === 0 ? styles.none : styles.hidden}>
        {shown.length === 0 && texts.none}
      </p>
    </>
  );
}

/** Put the emoji used last before the groups. */
function withRecent(
  all: readonly EmojiGroup[],
  recent: readonly string[],
  name: string,
): readonly EmojiGroup[] {
  if (recent.length === 0) return all;
  const known = new Map(all.flatMap(({ emoji }) => emoji).map((one) => [one.emoji, one]));
  const emoji = recent.map((one) => known.get(one)).filter((one): one is Emoji => one !== undefined);
  return [{ name, emoji }, ...all];
}

/** Move the focus among the emoji by the arrow keys; ↑ in the first row leads back to the search. */
function move(event: KeyboardEvent<HTMLElement>, search: HTMLElement | null) {
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const at = buttons.indexOf(event.target as HTMLButtonElement);
  const top = buttons[0]?.offsetTop;
  const nextRow = buttons.findIndex(({ offsetTop }) => offsetTop !== top);
  const columns = nextRow < 0 ? buttons.length : nextRow;
  const isRightToLeft = getComputedStyle(event.currentTarget).direction === "rtl";
  const forward = isRightToLeft ? -1 : 1;
  const steps: Record<string, number> = {
    ArrowRight: forward,
    ArrowLeft: -forward,
    ArrowDown: columns,
    ArrowUp: -columns,
    Home: -at,
    End: buttons.length - 1 - at,
  };
  const step = steps[event.key];
  if (step === undefined || at < 0) return;
  event.preventDefault();
  if (event.key === "ArrowUp" && at < columns) search?.focus();
  else buttons[at + step]?.focus();
}
