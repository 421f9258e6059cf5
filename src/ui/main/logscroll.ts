/** Which line is at the top for a place of the scroll bar, and back. Pure. */

export const LINE_PX = 18;

/** Browsers draw nothing beyond some 17 million pixels. */
const MOST_PX = 10_000_000;

/** How high the text is for the scroll bar. */
export function heightOf(count: number): number {
  return Math.min(MOST_PX, count * LINE_PX);
}

/** Whether the text is higher than the room that the scroll bar has for it. */
export function isScaled(count: number): boolean {
  return count * LINE_PX > MOST_PX;
}

/** By how many lines a key moves, 0 for any other. */
export function linesFor(key: string, count: number, shown: number): number {
  switch (key) {
    case 'ArrowDown':
      return 1;
    case 'ArrowUp':
      return -1;
    case 'PageDown':
      return Math.max(1, shown - 1);
    case 'PageUp':
      return -Math.max(1, shown - 1);
    case 'Home':
      return -count;
    case 'End':
      return count;
    default:
      return 0;
  }
}

/** What is at the top when the bar is there. */
export function placeOf(
  scrollTop: number,
  count: number,
  shown: number
): { line: number; isAtEnd: boolean } {
  const last = Math.max(0, count - shown);
  const most = Math.max(1, heightOf(count) - shown * LINE_PX);
  const line = Math.min(last, Math.round((scrollTop / most) * last));
  // A pixel is many lines in a long text, and part of one in a short.
  return { line, isAtEnd: scrollTop >= most - LINE_PX };
}

/** Where the bar is when this line is at the top. */
export function scrollOf(line: number, count: number, shown: number): number {
  const last = Math.max(1, count - shown);
  const most = Math.max(0, heightOf(count) - shown * LINE_PX);
  return Math.min(1, Math.max(0, line) / last) * most;
}
