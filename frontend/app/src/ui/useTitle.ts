// The tab's title follows the page.
import { useEffect } from "react";

export function useTitle(page: string): void {
  useEffect(() => {
    document.title = `${page} · Alcove`;
  }, [page]);
}
