import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IJob, IJobFile } from '../../core/api';
import { AgentError, isAbort } from '../../core/errors';
import type { ITrans } from '../../core/errors';
import { isFinished } from '../../core/jobs';
import type { IAgent, IJobs } from '../../core/tokens';
import { States } from '../../ui/outline/states';
import type { IGetQuery, IRowState } from '../api';
import { namesIn, variableFor } from '../python';
import {
  ALL,
  attachExpression,
  plainExpression,
  readPlain,
  readReport
} from './inject';
import type { IReady, Variable } from './inject';
import { attach, detach, read, rename } from './metadata';
import type { IAttachment } from './metadata';
import type { IAttachable, IDataSettings, INotebook } from './tokens';

/** How many are asked for at a time. */
const AT_ONCE = 4;

/** The most paths that are written into an expression. */
const MOST_PATHS = 20_000;

/** How an attachment is doing, beside the state of its data. */
export interface IEntry {
  readonly attachment: IAttachment;
  /** The job that gets it, or got it last. */
  job: string | null;
  /** Why it could be neither fetched nor set. */
  error: AgentError | null;
  /** Fetched only when the user says so. */
  isHeld: boolean;
  /** What became of the variable; a language where there is none in it. */
  variable: Variable | { kind: 'unsupported'; language: string } | null;
}

export interface IAttachedOptions {
  notebook: INotebook;
  agent: IAgent;
  jobs: IJobs;
  settings: () => IDataSettings;
  trans: ITrans;
}

/** The data attached to one notebook: kept in it, fetched, and set as variables. */
export class Attached implements IDisposable {
  constructor(options: IAttachedOptions) {
    this._options = options;
    const { notebook, jobs } = options;
    notebook.metadataChanged.connect(this._onMetadata, this);
    notebook.kernelBegan.connect(this._onKernel, this);
    jobs.changed.connect(this._changing, this);
    jobs.ended.connect(this._onEnded, this);
    this._sync();
    if (notebook.kernel) {
      this._onKernel();
    }
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._abort.signal.aborted;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._abort.abort();
    const { notebook, jobs } = this._options;
    notebook.metadataChanged.disconnect(this._onMetadata, this);
    notebook.kernelBegan.disconnect(this._onKernel, this);
    jobs.changed.disconnect(this._changing, this);
    jobs.ended.disconnect(this._onEnded, this);
    this._states.forEach(states => states.dispose());
    Signal.clearData(this);
  }

  get entries(): readonly IEntry[] {
    return [...this._entries.values()];
  }

  get(variable: string): IEntry | undefined {
    return this._entries.get(variable);
  }

  /** What is known of where the data is. */
  stateOf({ attachment }: IEntry): IRowState | undefined {
    return this._statesOf(attachment.instance).get(attachment.ref);
  }

  /** The job that gets it now, or that failed to. */
  jobOf({ job, attachment }: IEntry): IJob | undefined {
    const { jobs } = this._options;
    return jobs.activeFor(attachment.ref) ?? jobs.get(job ?? '');
  }

  /** Attach DIDs; returns those that are new, with the variables they get. */
  attach(dids: readonly IAttachable[], instance: string | null): IAttachment[] {
    const { notebook } = this._options;
    const taken = namesIn(notebook.cells);
    const there = new Set<string>();
    for (const { attachment } of this._entries.values()) {
      taken.add(attachment.variable);
      there.add(keyOf(attachment));
    }
    const added: IAttachment[] = [];
    let { metadata } = notebook;
    for (const did of dids) {
      const variable = variableFor(did, taken);
      const one = { variable, ref: did.ref, instance, style: 'files' } as const;
      if (!there.has(keyOf(one))) {
        taken.add(variable);
        there.add(keyOf(one));
        metadata = attach(metadata, one);
        added.push(one);
      }
    }
    if (added.length > 0) {
      notebook.metadata = metadata;
    }
    return added;
  }

  /** Give a variable another name; the old variable stays in the kernel. */
  rename(variable: string, name: string): void {
    const { notebook } = this._options;
    notebook.metadata = rename(notebook.metadata, variable, name);
  }

  detach(variable: string): void {
    const { notebook } = this._options;
    notebook.metadata = detach(notebook.metadata, variable);
  }

  /** Attach again what was detached, unless its name has been given away. */
  restore(attachment: IAttachment): boolean {
    const { notebook } = this._options;
    const isFree = !this._entries.has(attachment.variable);
    if (isFree) {
      notebook.metadata = attach(notebook.metadata, attachment);
    }
    return isFree;
  }

  /** Fetch an attachment, however large it is, and set its variable. */
  async bring(variable: string): Promise<void> {
    const entry = this._entries.get(variable);
    if (entry) {
      await this._get(entry);
    }
  }

  /** Set a variable although it has another value. */
  async overwrite(variable: string): Promise<void> {
    const entry = this._entries.get(variable);
    if (entry) {
      await this._inject([entry], true);
    }
  }

  /** The paths of an attachment that is here, at most so many. */
  async paths({ job }: IEntry, most: number): Promise<string[]> {
    const paths: string[] = [];
    const stop = new AbortController();
    const signal = AbortSignal.any([this._abort.signal, stop.signal]);
    await this._options.agent
      .stream<IJobFile>(`jobs/${job ?? ''}/files`, {
        signal,
        onRows: rows => {
          const here = rows.filter(row => row.state === 'here');
          paths.push(...here.map(row => row.path));
          if (paths.length > most) {
            stop.abort();
          }
        }
      })
      .catch(error => {
        if (!stop.signal.aborted) {
          throw error;
        }
      });
    if (paths.length > most) {
      throw this._tooMany(most);
    }
    return paths;
  }

  private _onMetadata(): void {
    const added = this._sync();
    if (this._options.notebook.kernel && added.length > 0) {
      void this._begin(added);
    }
  }

  private _onKernel(): void {
    const { entries } = this;
    for (const entry of entries) {
      entry.variable = null;
      entry.error = null;
    }
    void this._begin(entries);
  }

  /**
   * Set at once what was here before, so that it is there before any cell that is
   * run next; then ask for what is not.
   */
  private async _begin(entries: readonly IEntry[]): Promise<void> {
    const known = entries.filter(({ attachment }) => {
      return this._ready.has(keyOf(attachment));
    });
    await Promise.all([
      known.length > 0 ? this._inject(known) : null,
      this._bring(entries)
    ]);
  }

  private async _bring(entries: readonly IEntry[]): Promise<void> {
    await this._look(entries);
    const { getAtStart, askAboveBytes } = this._options.settings();
    let bytes = 0;
    const wanted = entries.filter(entry => {
      const state = this.stateOf(entry);
      const isHere = state?.local === 'here';
      // All together: a notebook may come from anywhere, and name much.
      const more = isHere ? 0 : (state?.bytes ?? 0);
      entry.isHeld = !isHere && (!getAtStart || bytes + more > askAboveBytes);
      bytes += entry.isHeld ? 0 : more;
      // What cannot be fetched would only add a failed job at every start.
      return !entry.isHeld && (isHere || !state?.problem);
    });
    this._changed.emit();
    const rest = [...wanted];
    const one = async () => {
      for (let entry = rest.shift(); entry; entry = rest.shift()) {
        await this._get(entry);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }

  /** Ask where the data is; without an answer the job says what is wrong. */
  private async _look(entries: readonly IEntry[]): Promise<void> {
    const refs = new Map<string | null, string[]>();
    for (const { attachment } of entries) {
      const { instance, ref } = attachment;
      refs.set(instance, [...(refs.get(instance) ?? []), ref]);
    }
    await Promise.all(
      [...refs].map(([instance, some]) =>
        this._statesOf(instance)
          .look(some)
          .catch(error => this._raiseUnlessAgents(error))
      )
    );
  }

  private async _get(entry: IEntry): Promise<void> {
    const { attachment } = entry;
    const body: IGetQuery = {
      instance: attachment.instance,
      refs: [attachment.ref],
      files: []
    };
    const { agent, jobs } = this._options;
    entry.isHeld = false;
    entry.error = null;
    try {
      const job = await agent.request<IJob>('POST', 'datalake/get', {
        body,
        repeatable: true,
        signal: this._abort.signal
      });
      const before = entry.job;
      entry.job = job.id;
      jobs.put(job);
      const isNews = before !== job.id || entry.variable === null;
      if (isFinished(job.state) && isNews) {
        await this._take(entry, job);
      }
    } catch (error) {
      entry.error = this._raiseUnlessAgents(error);
    }
    this._changing();
  }

  private _onEnded(_: unknown, job: IJob): void {
    for (const entry of this._entries.values()) {
      if (entry.job === job.id) {
        void this._take(entry, job);
      }
    }
  }

  /** A job has ended: its data is here, or it says why not. */
  private async _take(entry: IEntry, job: IJob): Promise<void> {
    const key = keyOf(entry.attachment);
    if (job.state === 'done') {
      this._ready.set(key, job.id);
      entry.error = null;
      await this._inject([entry]);
    } else {
      this._ready.delete(key);
      this._changing();
    }
  }

  private async _inject(
    entries: readonly IEntry[],
    overwrite = false
  ): Promise<void> {
    const { kernel } = this._options.notebook;
    const ready: (IReady & { entry: IEntry })[] = [];
    for (const entry of entries) {
      const { attachment } = entry;
      const job = this._ready.get(keyOf(attachment));
      if (job !== undefined) {
        entry.job = job;
        ready.push({ attachment, job, entry });
      }
    }
    if (!kernel || ready.length === 0) {
      return;
    }
    try {
      const language = await kernel.language;
      if (language !== 'python') {
        for (const { entry } of ready) {
          entry.variable = { kind: 'unsupported', language };
        }
      } else {
        const values = await kernel.evaluate({
          [ALL]: attachExpression(ready, overwrite)
        });
        const report = readReport(values[ALL]);
        for (const { entry } of ready) {
          const said = report?.get(entry.attachment.variable);
          entry.variable = said ?? (await this._plain(entry, overwrite));
        }
      }
    } catch (error) {
      // Other than an answer: the kernel has gone, and the next one begins anew.
      if (error instanceof AgentError) {
        ready.forEach(({ entry }) => (entry.error = error));
      }
    }
    this._changing();
  }

  /** Set a variable where the kernel has no package of ours, or another agent. */
  private async _plain(
    entry: IEntry,
    overwrite: boolean
  ): Promise<Variable | null> {
    const { kernel } = this._options.notebook;
    const paths = await this.paths(entry, MOST_PATHS);
    const values = await kernel?.evaluate({
      [ALL]: plainExpression(entry.attachment, paths, overwrite)
    });
    return readPlain(values?.[ALL]);
  }

  /** Take over what the metadata says; returns what was not there before. */
  private _sync(): IEntry[] {
    const before = this._entries;
    const added: IEntry[] = [];
    this._entries = new Map();
    for (const attachment of read(this._options.notebook.metadata)) {
      const known = before.get(attachment.variable);
      const isSame =
        known &&
        keyOf(known.attachment) === keyOf(attachment) &&
        known.attachment.style === attachment.style;
      const entry: IEntry = isSame
        ? known
        : {
            attachment,
            job: this._ready.get(keyOf(attachment)) ?? null,
            error: null,
            isHeld: false,
            variable: null
          };
      this._entries.set(attachment.variable, entry);
      if (!isSame) {
        added.push(entry);
      }
    }
    this._want();
    this._changing();
    return added;
  }

  private _want(): void {
    const refs = new Map<string | null, string[]>();
    for (const instance of this._states.keys()) {
      refs.set(instance, []);
    }
    for (const { attachment } of this._entries.values()) {
      const { instance, ref } = attachment;
      refs.set(instance, [...(refs.get(instance) ?? []), ref]);
    }
    for (const [instance, some] of refs) {
      this._statesOf(instance).want(some);
    }
  }

  private _statesOf(instance: string | null): States<IRowState> {
    let states = this._states.get(instance);
    if (!states) {
      const { agent, jobs } = this._options;
      states = new States<IRowState>({
        jobs,
        ask: async (refs, signal) => {
          const body = { instance, refs };
          const { rows } = await agent.request<{ rows: IRowState[] }>(
            'POST',
            'datalake/states',
            { body, signal, repeatable: true }
          );
          return rows;
        }
      });
      states.changed.connect(this._changing, this);
      this._states.set(instance, states);
    }
    return states;
  }

  private _changing(): void {
    this._changed.emit();
  }

  /** What an agent answers is for the user; nothing at all where we have ended. */
  private _raiseUnlessAgents(error: unknown): AgentError | null {
    if (error instanceof AgentError) {
      return error;
    }
    if (isAbort(error)) {
      return null;
    }
    throw error;
  }

  private _tooMany(most: number): AgentError {
    const { trans } = this._options;
    return new AgentError({
      code: 'too_many_files',
      message: trans.__('It has more than %1 files.', most),
      hint: trans.__(
        'Install escape-vre in the environment of the kernel, or use the folder of the data.'
      ),
      retryable: false
    });
  }

  private readonly _options: IAttachedOptions;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _abort = new AbortController();
  private readonly _states = new Map<string | null, States<IRowState>>();
  /** The jobs that got what is here, by what they got. */
  private readonly _ready = new Map<string, string>();
  private _entries = new Map<string, IEntry>();
}

function keyOf({ instance, ref }: IAttachment): string {
  return `${instance ?? ''}\n${ref}`;
}
