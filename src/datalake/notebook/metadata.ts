/**
 * Which DIDs are attached to a notebook: what its metadata says. Pure.
 *
 * Ours is `escape_vre: {attachments: [{variable, ref, instance?}]}`.
 * rucio-jupyterlab's is `rucio_attachments: [{did, type, variableName}]`. Both
 * are read, and each is changed where it stands, so that a colleague who has the
 * other program sees the same. A notebook comes from anywhere: what makes no
 * sense is left as it is.
 */
import { isName } from './names';

/** What the value of a variable is like. */
export type Style = 'files' | 'peer-file' | 'peer-files';

/** A DID that is attached to a notebook. */
export interface IAttachment {
  readonly variable: string;
  readonly ref: string;
  /** The data lake that has it; null for the default one. */
  readonly instance: string | null;
  readonly style: Style;
}

/** What an attachment is written as. */
export type Entry = Record<string, unknown>;

/** The two keys of a notebook's metadata, as they are. */
export interface IMetadata {
  readonly ours: unknown;
  readonly peer: unknown;
}

/** A notebook with more is none that a person has made. */
const MOST = 500;

/** Rucio has 25 characters for a scope and 250 for a name; some have more. */
const LONGEST = 1000;

/** The attachments, each variable once, ours first. */
export function read(metadata: IMetadata): IAttachment[] {
  const found = new Map<string, IAttachment>();
  for (const one of [
    ...listOf(ourList(metadata.ours)).map(ourEntry),
    ...listOf(metadata.peer).map(peerEntry)
  ]) {
    if (one && !found.has(one.variable) && found.size < MOST) {
      found.set(one.variable, one);
    }
  }
  return [...found.values()];
}

/** The same with one more; it has to have a variable of its own. */
export function attach(metadata: IMetadata, one: IAttachment): IMetadata {
  if (one.style !== 'files') {
    const type = one.style === 'peer-files' ? 'collection' : 'file';
    const did = didOf(one.ref);
    const entry: Entry = { did, type, variableName: one.variable };
    return { ...metadata, peer: [...listOf(metadata.peer), entry] };
  }
  const entry: Entry = { variable: one.variable, ref: one.ref };
  if (one.instance !== null) {
    entry.instance = one.instance;
  }
  const list = [...listOf(ourList(metadata.ours)), entry];
  return { ...metadata, ours: withList(metadata.ours, list) };
}

/** `scope:name` of a ref of the data lake. */
export function didOf(ref: string): string {
  return ref.slice('rucio:'.length);
}

/** The same with another name of a variable. */
export function rename(
  metadata: IMetadata,
  variable: string,
  name: string
): IMetadata {
  return change(metadata, variable, (entry, key) => [
    { ...entry, [key]: name }
  ]);
}

/** The same without an attachment. */
export function detach(metadata: IMetadata, variable: string): IMetadata {
  return change(metadata, variable, () => []);
}

/**
 * Change the entries of a variable where they stand; all others stay.
 *
 * Where several have the same, only the first is shown, but all are changed: the
 * next one would appear in its place otherwise.
 */
function change(
  metadata: IMetadata,
  variable: string,
  to: (entry: Entry, key: string) => Entry[]
): IMetadata {
  const changed = (list: unknown[], key: string, isOne: typeof ourEntry) =>
    list.flatMap(entry =>
      isOne(entry)?.variable === variable ? to(entry as Entry, key) : [entry]
    );
  const list = ourList(metadata.ours);
  return {
    ours: Array.isArray(list)
      ? withList(metadata.ours, changed(list, 'variable', ourEntry))
      : metadata.ours,
    peer: Array.isArray(metadata.peer)
      ? emptyAsNone(changed(metadata.peer, 'variableName', peerEntry))
      : metadata.peer
  };
}

function ourEntry(value: unknown): IAttachment | null {
  const { variable, ref, instance = null } = recordOf(value);
  return isName(variable) &&
    isText(ref) &&
    /^rucio:[^:]+:./s.test(ref) &&
    (instance === null || isText(instance))
    ? { variable, ref, instance, style: 'files' }
    : null;
}

function peerEntry(value: unknown): IAttachment | null {
  const { did, type, variableName: variable } = recordOf(value);
  return isName(variable) && isText(did) && /^[^:]+:./s.test(did)
    ? {
        variable,
        ref: `rucio:${did}`,
        instance: null,
        style: type === 'collection' ? 'peer-files' : 'peer-file'
      }
    : null;
}

function ourList(ours: unknown): unknown {
  return recordOf(ours).attachments;
}

/** Our key with another list; what else it holds stays, and no list leaves none. */
function withList(ours: unknown, list: unknown[]): unknown {
  const rest = { ...recordOf(ours) };
  delete rest.attachments;
  if (list.length > 0) {
    return { ...rest, attachments: list };
  }
  return Object.keys(rest).length > 0 ? rest : undefined;
}

function emptyAsNone(list: unknown[]): unknown[] | undefined {
  return list.length > 0 ? list : undefined;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST;
}
