// Keeps an error of one component from taking the rest of the page with it.
import { Component, type ReactNode } from "react";

type BoundaryProps = {
  /** Shown in place of the children after one of them has failed. */
  readonly fallback: ReactNode;
  /** The children are tried again when this value changes. */
  readonly resetKey?: unknown;
  readonly children: ReactNode;
};

type BoundaryState = { readonly failed: boolean; readonly resetKey: unknown };

export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { failed: false, resetKey: this.props.resetKey };

  static getDerivedStateFromError(): Partial<BoundaryState> {
    return { failed: true };
  }

  static getDerivedStateFromProps({ resetKey }: BoundaryProps, before: BoundaryState): BoundaryState | null {
    return resetKey === before.resetKey ? null : { failed: false, resetKey };
  }

  override render(): ReactNode {
    return this.state.failed ? this.props.fallback : this.props.children;
  }
}
