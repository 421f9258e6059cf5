import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IRow, IRowState } from '../../datalake/api';
import { AgentError, isAbort } from '../../core/errors';
import { amountOf } from '../../core/jobs';
import type { IAgent, IJobs } from '../../core/tokens';

/** The agent takes no more refs in one request. */
const BULK = 200;

/** Wait until the scrolling rests before asking for what it showed. */
const REST_MS = 120;

/** How often the states of rows that a running job touches are asked again. */
const FOLLOW_MS = 1500;

/** After an error, how long before the same rows are asked for again. */
const AGAIN_MS = 10_000;

/** States of rows out of sight are dropped beyond this many. */
const KEEP = 20_000;

interface IRequest {
  refs: Set<string>;
  abort: AbortController;
}

/**
 * Where each visible row is, asked in bulk and only for rows on show.
 */
export class States implements IDisposable {
  constructor(agent: IAgent, jobs: IJobs) {
    this._agent = agent;
    this._jobs = jobs;
    jobs.changed.connect(this._onJobs, this);
    jobs.ended.connect(this._onEnded, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Why the last question had no answer, or null. */
  get error(): AgentError | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._jobs.changed.disconnect(this._onJobs, this);
    this._jobs.ended.disconnect(this._onEnded, this);
    clearTimeout(this._timer);
    clearTimeout(this._follow);
    this._requests.forEach(request => request.abort.abort());
    Signal.clearData(this);
  }

  get(ref: string): IRowState | undefined {
    return this._known.get(ref);
  }

  /** Those of some rows that are not here at this moment. */
  async notHere(rows: readonly IRow[]): Promise<IRow[]> {
    const isKnownHere = (row: IRow) => this.get(row.ref)?.local === 'here';
    const maybe = rows.filter(isKnownHere).slice(0, BULK);
    if (maybe.length === 0) {
      return [...rows];
    }
    // Somebody may have taken the file away since it was asked for.
    const { rows: found } = await this._agent.request<{ rows: IRowState[] }>(
      'POST',
      'datalake/states',
      {
        body: {
          instance: this._instance ?? null,
          refs: maybe.map(row => row.ref)
        }
      }
    );
    found.forEach(row => this._known.set(row.ref, row));
    this._changed.emit();
    const here = new Set(
      found.filter(row => row.local === 'here').map(row => row.ref)
    );
    return rows.filter(row => !here.has(row.ref));
  }

  /** Take over another instance: nothing known holds for it. */
  setInstance(instance: string | undefined): void {
    this._instance = instance;
    this._requests.forEach(request => request.abort.abort());
    this._requests.clear();
    this._known.clear();
    this._fresh.clear();
    this._needed.clear();
    this._error = null;
    this._changed.emit();
  }

  /** Say which rows are on show now. */
  want(refs: readonly string[]): void {
    this._visible = new Set(refs);
    for (const request of this._requests) {
      const isOf = (ref: string) =>
        this._visible.has(ref) || this._needed.has(ref);
      if (![...request.refs].some(isOf)) {
        request.abort.abort();
      }
    }
    this._schedule(REST_MS);
  }

  /** Say which rows must be known once, on show or not: to sort by them. */
  need(refs: readonly string[]): void {
    this._needed = new Set(refs);
    this._schedule(0);
  }

  /** Whether everything that was asked for is answered. */
  get isSettled(): boolean {
    return this._requests.size === 0 && this._missing().length === 0;
  }

  /** What is known may be out of date: ask again for what is on show. */
  invalidate(): void {
    this._fresh.clear();
    this._notBefore = 0;
    this._schedule(0);
  }

  private _schedule(delay: number): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(
      () => this._askForMissing(),
      Math.max(delay, this._notBefore - Date.now())
    );
  }

  private _askForMissing(): void {
    if (this._isDisposed) {
      return;
    }
    const missing = this._missing();
    for (let at = 0; at < missing.length; at += BULK) {
      void this._ask(missing.slice(at, at + BULK));
    }
  }

  private _missing(): string[] {
    const asked = new Set<string>();
    this._requests.forEach(request => {
      request.refs.forEach(ref => asked.add(ref));
    });
    return [
      ...[...this._visible].filter(ref => !this._fresh.has(ref)),
      ...[...this._needed].filter(
        ref => !this._visible.has(ref) && !this._known.has(ref)
      )
    ].filter(ref => !asked.has(ref));
  }

  private async _ask(refs: string[]): Promise<void> {
    const request = { refs: new Set(refs), abort: new AbortController() };
    const { signal } = request.abort;
    this._requests.add(request);
    try {
      const { rows } = await this._agent.request<{ rows: IRowState[] }>(
        'POST',
        'datalake/states',
        { body: { instance: this._instance ?? null, refs }, signal }
      );
      if (signal.aborted) {
        return;
      }
      this._trim();
      rows.forEach(row => this._known.set(row.ref, row));
      // Also those the answer leaves out, or they would be asked for ever.
      refs.forEach(ref => this._fresh.add(ref));
      this._error = null;
      this._requests.delete(request);
      this._changed.emit();
    } catch (error) {
      if (!isAbort(error) && error instanceof AgentError) {
        this._error = error;
        this._notBefore = Date.now() + AGAIN_MS;
        this._changed.emit();
        this._requests.delete(request);
        if (error.retryable) {
          this._schedule(AGAIN_MS);
        }
      }
    } finally {
      this._requests.delete(request);
    }
  }

  private _trim(): void {
    if (this._known.size > KEEP) {
      for (const ref of this._known.keys()) {
        if (!this._visible.has(ref) && !this._needed.has(ref)) {
          this._known.delete(ref);
          this._fresh.delete(ref);
        }
      }
    }
  }

  private _onEnded(): void {
    this.invalidate();
  }

  private _onJobs(): void {
    this._changed.emit();
    // Files of a running job arrive one by one; follow, but not each of them.
    const files = this._jobs.active
      .map(job => `${job.id} ${amountOf(job, 'files').done}`)
      .join();
    if (files !== this._followed) {
      this._followed = files;
      this._follow ??= setTimeout(() => {
        this._follow = undefined;
        this.invalidate();
      }, FOLLOW_MS);
    }
  }

  private readonly _agent: IAgent;
  private readonly _jobs: IJobs;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _known = new Map<string, IRowState>();
  private readonly _fresh = new Set<string>();
  private readonly _requests = new Set<IRequest>();
  private _visible = new Set<string>();
  private _needed = new Set<string>();
  private _instance: string | undefined;
  private _error: AgentError | null = null;
  private _notBefore = 0;
  private _followed = '';
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _follow: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
}
