/** How many characters of a name's end stay readable however narrow it gets. */
const TAIL = 6;

/**
 * Cut a name in a part that may be elided and an end that may not.
 *
 * Names of one folder mostly differ at their ends, so the middle goes first.
 * Short names are not cut: an ellipsis would save nothing.
 */
export function splitName(name: string): [head: string, tail: string] {
  const characters = [...name];
  if (characters.length <= TAIL + 4) {
    return [name, ''];
  }
  return [
    characters.slice(0, -TAIL).join(''),
    characters.slice(-TAIL).join('')
  ];
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
