// Tells the host at which height the frame would show everything.
import { useEffect } from "react";
import type { Host } from "./host";

export function useHeight(host: Host): void {
  useEffect(() => {
    const log = document.querySelector("[role=log]");
    const lines = log?.querySelector("ol, ul");
    if (!(log instanceof HTMLElement) || !(lines instanceof HTMLElement)) return;
    let told = 0;
    const measure = () => {
      const { paddingTop, paddingBottom } = getComputedStyle(log);
      const others = document.documentElement.clientHeight - log.clientHeight;
      const height = Math.ceil(
        others + lines.offsetHeight + Number.parseFloat(paddingTop) + Number.parseFloat(paddingBottom),
      );
      if (height !== told) host.emit("height", { height });
      told = height;
    };
    const observer = new ResizeObserver(measure);
    observer.observe(lines);
    observer.observe(log);
    return () => observer.disconnect();
  }, [host]);
}
