// A button: plain, or the one that matters most where it stands.
import type { ComponentProps } from "react";
import styles from "./Button.module.css";

type ButtonProps = ComponentProps<"button"> & { readonly weight?: "plain" | "strong" };

export function Button({ weight = "plain", type = "button", ...rest }: ButtonProps) {
  return <button {...rest} type={type} className={`${styles.button} ${styles[weight]}`} />;
}
