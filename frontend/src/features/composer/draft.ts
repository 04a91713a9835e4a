// What is being written, kept for each item until it is sent.
import { useState } from "react";

function keyOf(member: string, item: string): string {
  return `alcove.draft.${JSON.stringify([member, item])}`;
}

function kept(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // where storage is forbidden a draft lives as long as its page
  }
}

/** The draft of a member for an item, and how to change it. */
export function useDraft(member: string, item: string): readonly [string, (text: string) => void] {
  const key = keyOf(member, item);
  const [draft, setDraft] = useState({ key, text: kept(key) });
  const text = draft.key === key ? draft.text : kept(key);

  function write(words: string) {
    setDraft({ key, text: words });
    try {
      if (words === "") localStorage.removeItem(key);
      else localStorage.setItem(key, words);
    } catch {
      // A full disk: the words are still on the page.
    }
  }

  return [text, write];
}
