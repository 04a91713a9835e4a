// A button that is an icon, with a label for screen readers.

import { Icon } from "alcove-react";
import type { ComponentProps } from "react";
import styles from "./IconButton.module.css";

type IconButtonProps = ComponentProps<"button"> & { readonly path: string; readonly label: string };

export function IconButton({ path, label, className, ...rest }: IconButtonProps) {
  return (
    <button {...rest} type="button" className={`${styles.button} ${className ?? ""}`} aria-label={label}>
      <Icon path={path} size={18} />
    </button>
  );
}
