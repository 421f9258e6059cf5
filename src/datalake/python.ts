/** The Python that uses a DID. Pure; runs wherever our package is installed. */

/** Words that no variable can have for a name. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'False None True and as assert async await break class continue def del ' +
    'elif else except finally for from global if import in is lambda nonlocal ' +
    'not or pass raise return try while with yield match case type'
  ).split(' ')
);

/** Names that a person would miss if we took them. */
export const TAKEN: ReadonlySet<string> = new Set(
  (
    'escape_vre abs all any bin bool bytes chr dict dir display enumerate eval ' +
    'exec filter float format get_ipython hash help hex id input int iter len ' +
    'list map max min next np object open ord os pd plt pow print range repr ' +
    'round set slice sorted str sum super sys tuple vars zip'
  ).split(' ')
);

/** The most characters that a name needs to be told apart. */
const LONGEST = 40;

/** What is needed of a DID to write code for it. */
export interface IInsertable {
  scope: string;
  name: string;
  type: string;
}

/**
 * A Python string with exactly this value.
 *
 * Whatever a DID holds (quotes, backslashes, newlines, NUL) must neither end
 * the string nor become code.
 */
export function pythonString(text: string): string {
  let quoted = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === '\\') {
      quoted += `\\${character}`;
    } else if (character === '\n') {
      quoted += '\\n';
    } else if (character === '\t') {
      quoted += '\\t';
    } else if (character === '\r') {
      quoted += '\\r';
    } else if (code < 0x20 || code === 0x7f) {
      quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    } else if (isInvisible(character)) {
      quoted +=
        code > 0xffff
          ? `\\U${code.toString(16).padStart(8, '0')}`
          : `\\u${code.toString(16).padStart(4, '0')}`;
    } else {
      quoted += character;
    }
  }
  return `"${quoted}"`;
}

/** Code that reads other than it runs: marks, separators, lone surrogates. */
function isInvisible(character: string): boolean {
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(character);
}

/**
 * A variable for a DID, different from every name in `taken`.
 *
 * The last part says most: `fermi.lightcurves` gives `lightcurves`. Of a file
 * the ending says least: `lc_0001.fits` gives `lc_0001`.
 */
export function variableFor(
  did: IInsertable,
  taken: ReadonlySet<string>
): string {
  const base = did.name.split('/').filter(Boolean).at(-1) ?? did.name;
  const parts = base.split('.').filter(part => /[A-Za-z0-9]/.test(part));
  if (did.type === 'file') {
    while (parts.length > 1 && /^[A-Za-z]\w{0,6}$/.test(parts.at(-1) ?? '')) {
      parts.pop();
    }
  }
  let name = (parts.at(-1) ?? '')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, LONGEST);
  if (!/[A-Za-z]/.test(name)) {
    name = name ? `data_${name}` : 'data';
  } else if (/^\d/.test(name)) {
    name = `data_${name}`;
  }
  if (KEYWORDS.has(name) || TAKEN.has(name)) {
    name = `${name}_data`;
  }
  let unique = name;
  for (let count = 2; taken.has(unique); count++) {
    unique = `${name}_${count}`;
  }
  return unique;
}

/** Every word of the notebook's code: whatever it is, it is not ours to take. */
export function namesIn(sources: readonly string[]): Set<string> {
  return new Set(sources.join('\n').match(/[A-Za-z_]\w*/g) ?? []);
}

/** Not indented: what a function imports, the cells below do not have. */
const IMPORT =
  /^import[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*escape_vre\b(?![ \t]+as\b)/m;

const TEXTS = /("""|''')[^]*?\1/g;

/** Whether a cell that runs before imports us; `%%bash` and the like do not. */
function importsUs(source: string): boolean {
  return !source.startsWith('%%') && IMPORT.test(source.replace(TEXTS, ''));
}

/** The code cells of a notebook, as seen from the place of a new one. */
export interface ICells {
  /** Those that run before it. */
  above: readonly string[];
  all: readonly string[];
}

/**
 * The code that fetches these DIDs in a new cell among these.
 *
 * It runs when the notebook is run from the top: only an import above counts.
 * `instance` is named only where the default one would be the wrong one.
 */
export function codeFor(
  dids: readonly IInsertable[],
  cells: ICells,
  instance: string | null
): string {
  const taken = namesIn(cells.all);
  const lines = importLines(cells);
  for (const did of dids) {
    const variable = variableFor(did, taken);
    taken.add(variable);
    const call = getCall(`${did.scope}:${did.name}`, instance);
    lines.push(`${variable} = ${call}`);
  }
  return lines.join('\n');
}

/** What the code of a new cell among these begins with. */
export function importLines(cells: ICells): string[] {
  return cells.above.some(importsUs) ? [] : ['import escape_vre', ''];
}

/** The call that gets a DID, `scope:name`. */
export function getCall(did: string, instance: string | null): string {
  const option =
    instance === null ? '' : `, instance=${pythonString(instance)}`;
  return `escape_vre.get(${pythonString(did)}${option})`;
}
