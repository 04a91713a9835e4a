// `useLayoutEffect` in a browser; on a server, where React 18 warns about it, an effect that never runs.
import { useEffect, useLayoutEffect } from "react";

export const useLayout = typeof document === "undefined" ? useEffect : useLayoutEffect;
