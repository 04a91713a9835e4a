// A part of the page that is loaded when it is first shown, together with its texts.
import { type ComponentType, lazy } from "react";
import { loadLaterTexts } from "../i18n/language";

/** Like `lazy`. */
export function lazyWithTexts<Props>(load: () => Promise<{ readonly default: ComponentType<Props> }>) {
  return lazy(async () => {
    const [part] = await Promise.all([load(), loadLaterTexts()]);
    return part;
  });
}
