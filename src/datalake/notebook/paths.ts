/** Attached data as cells, for where no variables are set. Pure. */
import { getCall } from '../python';
import { didOf } from './metadata';
import type { IAttachment } from './metadata';

/** The line of Python that has the same value as the variable of an attachment. */
export function codeOf(attachment: IAttachment): string {
  const { variable, ref, instance, style } = attachment;
  const call = getCall(didOf(ref), instance);
  switch (style) {
    case 'files':
      return `${variable} = ${call}`;
    case 'peer-file':
      return `${variable} = str(${call}.path)`;
    case 'peer-files':
      return `${variable} = [str(path) for path in ${call}]`;
  }
}

export interface ICell {
  type: 'code' | 'markdown';
  source: string;
}

export interface IPaths {
  variable: string;
  /** `scope:name` of the data. */
  did: string;
  paths: readonly string[];
}

interface ILanguage {
  /** Begins a comment. */
  comment: string;
  text: (text: string) => string;
  name: (name: string) => string;
  list: (name: string, texts: readonly string[]) => string;
}

/** The cell that sets a variable to a list of paths, or shows the paths. */
export function pathsCell(
  language: string,
  { variable, did, paths }: IPaths
): ICell {
  const known = LANGUAGES[language.toLowerCase()];
  if (!known) {
    const texts = [`${did}:`, ...paths.map(path => `  ${path}`)];
    return { type: 'markdown', source: texts.map(indented).join('\n') };
  }
  const list = known.list(known.name(variable), paths.map(known.text));
  return { type: 'code', source: `${known.comment} ${oneLine(did)}\n${list}` };
}

/** A code block in Markdown: nothing in it means anything. */
function indented(text: string): string {
  return `    ${oneLine(text)}`;
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?');
}

/** In double quotes, with these characters and all that cannot be seen escaped. */
function quoted(text: string, special: RegExp): string {
  const escaped = text
    .replace(special, '\\$&')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, character => {
      const code = (character.codePointAt(0) ?? 0).toString(16);
      return `\\u${code.padStart(4, '0')}`;
    });
  return `"${escaped}"`;
}

const lines = (texts: readonly string[], end: string) =>
  texts.map(text => `  ${text}`).join(`${end}\n`);

const R_WORDS = new Set(
  'if else repeat while function for next break TRUE FALSE NULL Inf NaN NA'.split(
    ' '
  )
);

const JULIA_WORDS = new Set(
  (
    'baremodule begin break catch const continue do else elseif end export ' +
    'false finally for function global if import let local macro module quote ' +
    'return struct true try using while'
  ).split(' ')
);

const LANGUAGES: Record<string, ILanguage | undefined> = {
  r: {
    comment: '#',
    text: text => quoted(text, /["\\]/g),
    name: name =>
      R_WORDS.has(name) || name.startsWith('_') ? `\`${name}\`` : name,
    list: (name, texts) => `${name} <- c(\n${lines(texts, ',')}\n)`
  },
  julia: {
    comment: '#',
    text: text => quoted(text, /["\\$]/g),
    name: name => (JULIA_WORDS.has(name) ? `var"${name}"` : name),
    list: (name, texts) => `${name} = [\n${lines(texts, ',')}\n]`
  },
  bash: {
    comment: '#',
    // Nothing means anything between these but the quote itself.
    text: text => `'${text.replace(/'/g, "'\\''")}'`,
    name: name => name,
    list: (name, texts) => `${name}=(\n${lines(texts, '')}\n)`
  }
};
