const ELLIPSIS = '…';

/** Characters that tell a name from its neighbour, at the least. */
const TELLING = 4;

/**
 * A name that fits, its middle left out where it has to be, once.
 *
 * Names of one folder mostly differ at their ends, so the middle goes first.
 * Where neighbours end alike, in `sharedEnd` characters, what stands before that
 * is kept: with all of the beginning where that fits, else with all of the end.
 * `fits` says whether a text has room; it is asked a few times only.
 */
export function elideMiddle(
  name: string,
  fits: (text: string) => boolean,
  sharedEnd = 0
): string {
  if (fits(name)) {
    return name;
  }
  const characters = [...name];
  const telling = sharedEnd > 0 ? sharedEnd + TELLING : 0;
  const tailOf = (count: number) => count - Math.ceil(count / 4);
  const keep = (count: number): string => {
    // More of the end: of a file's it begins with an ending that all share.
    const tail = Math.max(tailOf(count), Math.min(count, telling));
    const head = count - tail;
    return (
      characters.slice(0, head).join('') +
      ELLIPSIS +
      (tail > 0 ? characters.slice(-tail).join('') : '')
    );
  };
  let most = 1;
  let tooMany = characters.length;
  while (tooMany - most > 1) {
    const count = (most + tooMany) >> 1;
    if (fits(keep(count))) {
      most = count;
    } else {
      tooMany = count;
    }
  }
  const toTheTelling =
    characters.slice(0, characters.length - sharedEnd).join('') + ELLIPSIS;
  return tailOf(most) < telling && fits(toTheTelling)
    ? toTheTelling
    : keep(most);
}

/** How many characters two names have in common at their ends. */
export function commonEnd(one: string, other: string): number {
  const a = [...one];
  const b = [...other];
  const most = Math.min(a.length, b.length);
  let count = 0;
  while (count < most && a.at(-1 - count) === b.at(-1 - count)) {
    count += 1;
  }
  return count;
}

/**
 * A name on one line: control characters as visible symbols.
 *
 * A DID may hold a newline; it must neither break a row nor pass unseen.
 */
export function oneLine(name: string): string {
  return [...name]
    .map(character => {
      const code = character.codePointAt(0) ?? 0;
      if (code < 0x20) {
        return String.fromCodePoint(0x2400 + code);
      }
      return code === 0x7f ? '\u2421' : character;
    })
    .join('');
}
