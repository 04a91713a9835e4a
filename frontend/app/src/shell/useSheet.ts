// The rooms as a sheet over the page, where there is room for one pane only.
import { createContext, useContext } from "react";

export type Sheet = {
  readonly isOpen: boolean;
  readonly open: () => void;
  readonly close: () => void;
};

export const SheetContext = createContext<Sheet | null>(null);

/** Return the sheet of rooms. Throws outside of the shell. */
export function useSheet(): Sheet {
  const sheet = useContext(SheetContext);
  if (sheet === null) throw new Error("expected a Shell around the component");
  return sheet;
}
