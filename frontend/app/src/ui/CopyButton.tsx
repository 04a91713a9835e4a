// Copies a text, and says that it did.
import { useEffect, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { Button } from "./Button";

/** How long the button says what it did, in ms. */
const SAID_MS = 2000;

export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState<string | null>(null);

  useEffect(() => {
    if (copied === null) return;
    const timer = setTimeout(() => setCopied(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  // On plain http there is no clipboard.
  if (!window.isSecureContext) return null;

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(text);
    } catch {
      // The reader said no to the browser's question: the button goes on saying what it would do.
    }
  }

  return <Button onClick={() => void copy()}>{copied === text ? t("copied") : (label ?? t("copy"))}</Button>;
}
