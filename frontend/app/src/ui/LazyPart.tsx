// A part of the page that is loaded when it is first shown; where that fails, the rest stays and a reload is offered.
import { Boundary } from "alcove-react";
import { type ReactNode, Suspense } from "react";
import { ReloadOffer } from "./ReloadOffer";

type LazyPartProps = {
  readonly children: ReactNode;
  /** Another value gives the part another try, or stands for another part. */
  readonly resetKey?: unknown;
  /** Close the part that could not be loaded. */
  readonly onClose?: () => void;
};

export function LazyPart({ children, resetKey, onClose }: LazyPartProps) {
  const offer = <ReloadOffer what="part" {...(onClose !== undefined && { onClose })} />;
  return (
    <Boundary fallback={offer} resetKey={resetKey}>
      <Suspense>{children}</Suspense>
    </Boundary>
  );
}
