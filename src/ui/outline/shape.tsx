import * as React from 'react';
/** What a state looks like. */
export type Shape =
  | 'here'
  | 'partly'
  | 'elsewhere'
  | 'blocked'
  | 'moving'
  | 'problem'
  | 'unknown';

/** Told apart without colour: each state has an outline of its own. */
const PATHS: Record<Shape, React.JSX.Element> = {
  here: (
    <>
      <circle cx="6" cy="6" r="5.5" fill="currentColor" />
      <path
        className="escape-Shape-mark"
        d="M3.4 6.200l1.800 1.800 3.400-3.800"
        fill="none"
        strokeWidth="1.500"
      />
    </>
  ),
  partly: (
    <>
      <circle cx="6" cy="6" r="4.900" fill="none" stroke="currentColor" />
      <path d="M6 1.100a4.900 4.900 0 0 0 0 9.800z" fill="currentColor" />
    </>
  ),
  elsewhere: (
    <circle cx="6" cy="6" r="4.900" fill="none" stroke="currentColor" />
  ),
  blocked: (
    <>
      <circle cx="6" cy="6" r="4.900" fill="none" stroke="currentColor" />
      <path d="M3.500 6h5" stroke="currentColor" strokeWidth="1.500" />
    </>
  ),
  moving: (
    <path
      d="M5.250 1h1.500v6l2.200-2.200 1.050 1.050L6 9.900 2 5.850 3.050 4.800 5.250 7zM2 10.500h8V12H2z"
      fill="currentColor"
    />
  ),
  problem: (
    <>
      <path d="M6 .800l5.700 10.400H.300z" fill="currentColor" />
      <path
        className="escape-Shape-mark"
        d="M6 4.500v3.200M6 8.700v1.200"
        strokeWidth="1.300"
      />
    </>
  ),
  unknown: (
    <circle
      cx="6"
      cy="6"
      r="4.900"
      fill="none"
      stroke="currentColor"
      strokeDasharray="1.500 1.600"
    />
  )
};

export function StateShape({ shape }: { shape: Shape }): React.JSX.Element {
  return (
    <svg
      className="escape-Shape"
      data-shape={shape}
      viewBox="0 0 12 12"
      aria-hidden="true"
    >
      {PATHS[shape]}
    </svg>
  );
}
