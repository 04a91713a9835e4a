// Searches the server for rooms that are not in the list.

import type { RoomSummary } from "alcove-client";
import { useEffect, useState } from "react";
import { useAlcoveContext } from "../provider";

/** How long keys are collected before a request, in ms. */
const COLLECT_MS = 200;

export type SearchResult =
  | { readonly status: "idle" | "searching" | "failed" }
  | { readonly status: "found"; readonly rooms: readonly RoomSummary[] };

const idle: SearchResult = { status: "idle" };
const searching: SearchResult = { status: "searching" };

/** Return the rooms whose ID begins with `prefix`; idle where it is empty. */
export function useSearch(prefix: string): SearchResult {
  const list = useAlcoveContext().client.rooms;
  const [last, setLast] = useState<{ readonly prefix: string; readonly result: SearchResult } | null>(null);

  useEffect(() => {
    if (prefix === "") return;
    let cancelled = false;
    const settle = (result: SearchResult) => cancelled || setLast({ prefix, result });
    const timer = setTimeout(() => {
      list.search(prefix).then(
        (rooms) => settle({ status: "found", rooms }),
        () => settle({ status: "failed" }),
      );
    }, COLLECT_MS);
    return () => {
      cancelled = true;
      clearTimeout(timer);
    };
  }, [list, prefix]);

  if (prefix === "") return idle;
  return last?.prefix === prefix ? last.result : searching;
}
