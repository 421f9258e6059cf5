import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IAmount, IJob } from './api';
import type { IAgent, IJobs } from './tokens';

export type JobState = IJob['state'];

export const JOB_SCHEMA = 'https://escape-vre.org/events/job/v1';

/**
 * How long an unfinished job may be silent before we ask.
 *
 * Events get lost when the web socket is down, and nothing tells us that it
 * came back.
 */
const SILENCE_MS = 5000;

interface IEmission {
  schema_id: string;
}

/** The part of Jupyter's event stream that we use. */
export type EventStream = ISignal<unknown, IEmission>;

export function isFinished(state: JobState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** 0…1, or null while the whole is not known. */
export function fractionOf(job: IJob): number | null {
  if (job.state === 'done') {
    return 1;
  }
  const known = amountsOf(job).find(amount => amount.total);
  return known ? Math.min(1, known.done / (known.total ?? 1)) : null;
}

/** What a job counts: the unit that tells most first. */
export function amountsOf(job: IJob): IAmount[] {
  return [job.progress, ...job.progress.parts];
}

/** What a job has done of a unit; nothing of one that it does not count. */
export function amountOf(job: IJob, unit: IAmount['unit']): IAmount {
  return (
    amountsOf(job).find(amount => amount.unit === unit) ?? {
      unit,
      done: 0,
      total: null
    }
  );
}

export class Jobs implements IJobs, IDisposable {
  constructor(agent: IAgent, events: EventStream | null) {
    this._agent = agent;
    this._events = events;
    events?.connect(this._onEvent, this);
    this._poll = new Poll({
      auto: false,
      name: 'escape-vre:jobs',
      factory: () => this.refresh(),
      frequency: { interval: SILENCE_MS, backoff: true, max: 60_000 },
      standby: () => (this._needsAsking() ? 'when-hidden' : true)
    });
  }

  get list(): readonly IJob[] {
    return this._list;
  }

  get active(): readonly IJob[] {
    return this._list.filter(job => !isFinished(job.state));
  }

  get isReady(): boolean {
    return this._isReady;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get ended(): ISignal<this, IJob> {
    return this._ended;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._events?.disconnect(this._onEvent, this);
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** Begin to ask: once now, later only when unfinished jobs fall silent. */
  start(): void {
    void this._poll.start();
  }

  get(id: string): IJob | undefined {
    return this._jobs.get(id);
  }

  activeFor(ref: string): IJob | undefined {
    return this._activeByRef.get(ref);
  }

  isWatched(id: string): boolean {
    return this._watched.has(id);
  }

  async refresh(): Promise<void> {
    const { jobs } = await this._agent.request<{ jobs: IJob[] }>('GET', 'jobs');
    if (this._isDisposed) {
      return;
    }
    const ended = jobs.filter(job => this._endsNow(job));
    if (!this._isReady) {
      jobs.forEach(job => this._watch(job));
    }
    this._jobs = new Map(jobs.map(job => [job.id, job]));
    this._isReady = true;
    this._update(ended);
  }

  put(job: IJob): void {
    this._watch(job);
    this._take(job);
  }

  private _take(job: IJob): void {
    const ended = this._endsNow(job) ? [job] : [];
    this._jobs.set(job.id, job);
    this._update(ended);
  }

  async cancel(id: string): Promise<void> {
    await this._change(id, 'cancel');
  }

  async retry(id: string): Promise<void> {
    await this._change(id, 'retry');
  }

  async forget(id: string): Promise<void> {
    await this._agent.request('DELETE', route(id));
    this._jobs.delete(id);
    this._update([]);
  }

  async clearFinished(isMeant: (job: IJob) => boolean = all): Promise<void> {
    const finished = this._list.filter(
      job => isFinished(job.state) && isMeant(job)
    );
    await Promise.all(finished.map(job => this.forget(job.id)));
  }

  private async _change(id: string, verb: string): Promise<void> {
    const options = { repeatable: true };
    this.put(await this._agent.request<IJob>('POST', route(id, verb), options));
  }

  /** A job that this session asked for, or that ran when it began. */
  private _watch(job: IJob): void {
    if (!isFinished(job.state)) {
      this._watched.add(job.id);
    }
  }

  private _endsNow(job: IJob): boolean {
    const before = this._jobs.get(job.id);
    return (
      before !== undefined && !isFinished(before.state) && isFinished(job.state)
    );
  }

  private _needsAsking(): boolean {
    return (
      !this._isReady ||
      (this._activeByRef.size > 0 && Date.now() - this._lastEvent >= SILENCE_MS)
    );
  }

  private _onEvent(_: unknown, event: IEmission): void {
    if (event.schema_id !== JOB_SCHEMA) {
      return;
    }
    this._lastEvent = Date.now();
    const job = event as IEmission & IJob;
    // An event that was overtaken by the answer to a request must not bring
    // an older state back.
    const known = this._jobs.get(job.id);
    if (known && isFinished(known.state) && known.ended === job.ended) {
      return;
    }
    this._take(job);
  }

  private _update(ended: IJob[]): void {
    this._list = [...this._jobs.values()].sort((a, b) =>
      b.created.localeCompare(a.created)
    );
    this._activeByRef = new Map();
    for (const job of this._list) {
      if (!isFinished(job.state)) {
        for (const ref of job.refs) {
          this._activeByRef.set(ref, job);
        }
      }
    }
    this._changed.emit();
    for (const job of ended) {
      this._ended.emit(job);
    }
  }

  private readonly _agent: IAgent;
  private readonly _events: EventStream | null;
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _ended = new Signal<this, IJob>(this);
  private _jobs = new Map<string, IJob>();
  private _list: IJob[] = [];
  private readonly _watched = new Set<string>();
  private _activeByRef = new Map<string, IJob>();
  private _lastEvent = 0;
  private _isReady = false;
  private _isDisposed = false;
}

const all = () => true;

function route(id: string, verb = ''): string {
  return `jobs/${encodeURIComponent(id)}${verb ? `/${verb}` : ''}`;
}
