const ELLIPSIS = '…';

/**
 * A name that fits, its middle left out where it has to be.
 *
 * Names of one folder mostly differ at their ends, so the middle goes first.
 * `fits` says whether a text has room; it is asked a few times only.
 */
export function elideMiddle(
  name: string,
  fits: (text: string) => boolean
): string {
  if (fits(name)) {
    return name;
  }
  const characters = [...name];
  const keep = (count: number): string => {
    // More of the end: of a file's it begins with an ending that all share.
    const head = Math.ceil(count / 4);
    const tail = count - head;
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
  return keep(most);
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
