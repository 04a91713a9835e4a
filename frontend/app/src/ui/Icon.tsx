// Draws an icon.

type IconProps = {
  /** One of icons.ts. */
  readonly path: string;
  readonly size?: number;
};

/** An icon beside a text, or within a button that has a label. */
export function Icon({ path, size = 16 }: IconProps) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}
