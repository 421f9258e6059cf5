import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { AgentError, isAbort } from '../../core/errors';
import { amountOf } from '../../core/jobs';
import type { IJobs } from '../../core/tokens';

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

export interface IStatesOptions<S> {
  jobs: IJobs;
  /** Ask for the states of these rows, which may be left out of the answer. */
  ask: (refs: readonly string[], signal?: AbortSignal) => Promise<readonly S[]>;
}

/**
 * What must be asked for beside a list: the state of each row on show, in bulk.
 */
export class States<
  S extends { ref: string; note?: string | null }
> implements IDisposable {
  constructor(options: IStatesOptions<S>) {
    const { jobs } = options;
    this._jobs = jobs;
    this._ask = options.ask;
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

  get(ref: string): S | undefined {
    return this._known.get(ref);
  }

  /** What is not known of the rows on show, in sentences; '' for nothing. */
  get note(): string {
    const notes = [...this._visible].map(ref => this._known.get(ref)?.note);
    return [...new Set(notes.filter(note => note))].join(' ');
  }

  /** Ask for some rows now, whatever is known of them. */
  async look(refs: readonly string[]): Promise<readonly S[]> {
    const found = await this._ask(refs.slice(0, BULK));
    found.forEach(state => this._known.set(state.ref, state));
    this._changed.emit();
    return found;
  }

  /** Forget everything: another instance is asked from now on. */
  enter(): void {
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
  refresh(): void {
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
      void this._request(missing.slice(at, at + BULK));
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

  private async _request(refs: string[]): Promise<void> {
    const request = { refs: new Set(refs), abort: new AbortController() };
    const { signal } = request.abort;
    this._requests.add(request);
    try {
      const states = await this._ask(refs, signal);
      if (signal.aborted) {
        return;
      }
      this._trim();
      states.forEach(state => this._known.set(state.ref, state));
      // Also those that the answer leaves out, or they would be asked for again and again.
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
    this.refresh();
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
        this.refresh();
      }, FOLLOW_MS);
    }
  }

  private readonly _jobs: IJobs;
  private readonly _ask: IStatesOptions<S>['ask'];
  private readonly _changed = new Signal<this, void>(this);
  private readonly _known = new Map<string, S>();
  private readonly _fresh = new Set<string>();
  private readonly _requests = new Set<IRequest>();
  private _visible = new Set<string>();
  private _needed = new Set<string>();
  private _error: AgentError | null = null;
  private _notBefore = 0;
  private _followed = '';
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _follow: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
}
