/** Where the keys of a tree lead, after the WAI-ARIA tree pattern. Pure. */

export interface IOutline {
  readonly length: number;
  level(index: number): number;
  isExpandable(index: number): boolean;
  isExpanded(index: number): boolean;
  /** What type-ahead compares with. */
  text(index: number): string;
}

export type Move =
  { kind: 'move'; to: number } | { kind: 'expand' } | { kind: 'collapse' };

/** What a key means when the keyboard is on row `at`, or null for nothing. */
export function moveFor(
  key: string,
  at: number,
  page: number,
  rows: IOutline
): Move | null {
  const last = rows.length - 1;
  if (last < 0) {
    return null;
  }
  const to = (index: number): Move => ({
    kind: 'move',
    to: Math.min(last, Math.max(0, index))
  });
  if (at < 0) {
    const isMove = ['ArrowDown', 'ArrowUp', 'Home', 'PageDown', 'PageUp'];
    if (key === 'End') {
      return to(last);
    }
    return isMove.includes(key) ? to(0) : null;
  }
  switch (key) {
    case 'ArrowDown':
      return to(at + 1);
    case 'ArrowUp':
      return to(at - 1);
    case 'Home':
      return to(0);
    case 'End':
      return to(last);
    case 'PageDown':
      return to(at + page);
    case 'PageUp':
      return to(at - page);
    case 'ArrowRight':
      if (!rows.isExpandable(at)) {
        return null;
      }
      if (!rows.isExpanded(at)) {
        return { kind: 'expand' };
      }
      return at < last && rows.level(at + 1) > rows.level(at)
        ? to(at + 1)
        : null;
    case 'ArrowLeft':
      if (rows.isExpandable(at) && rows.isExpanded(at)) {
        return { kind: 'collapse' };
      }
      for (let index = at - 1; index >= 0; index--) {
        if (rows.level(index) < rows.level(at)) {
          return to(index);
        }
      }
      return null;
    default:
      return null;
  }
}

/**
 * The row that type-ahead means, or -1.
 *
 * One letter again and again goes round the rows that begin with it; several
 * letters stay on a row as long as it fits.
 */
export function typeAhead(typed: string, at: number, rows: IOutline): number {
  const letters = [...typed.toLowerCase()];
  const isRepeat = letters.every(letter => letter === letters[0]);
  const wanted = isRepeat ? letters[0] : letters.join('');
  const start = isRepeat ? at + 1 : Math.max(0, at);
  for (let step = 0; step < rows.length; step++) {
    const index = (start + step) % rows.length;
    if (rows.text(index).toLowerCase().startsWith(wanted)) {
      return index;
    }
  }
  return -1;
}
