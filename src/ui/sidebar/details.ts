import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IDid, ISite, ISites } from '../../datalake/api';
import { AgentError, isAbort } from '../../core/errors';
import type { IAgent } from '../../core/tokens';

/** Selecting by arrow keys passes rows by; ask only where it rests. */
const REST_MS = 200;

/** What is known of the selected DID. */
export class Details implements IDisposable {
  constructor(agent: IAgent) {
    this._agent = agent;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get ref(): string | null {
    return this._ref;
  }

  get did(): IDid | null {
    return this._did;
  }

  get sites(): readonly ISite[] | null {
    return this._sites;
  }

  /** What of the sites is not known, or null. */
  get sitesNote(): string | null {
    return this._sitesNote;
  }

  get error(): AgentError | null {
    return this._error;
  }

  get sitesError(): AgentError | null {
    return this._sitesError;
  }

  get isDisposed(): boolean {
    return this._abort === null;
  }

  dispose(): void {
    if (this._abort) {
      this._abort.abort();
      this._abort = null;
      clearTimeout(this._timer);
      Signal.clearData(this);
    }
  }

  show(ref: string | null, instance: string | undefined): void {
    if (ref !== this._ref) {
      this._did = null;
      this._sites = null;
      this._sitesNote = null;
      this._load(ref, instance, REST_MS);
    }
  }

  /** Ask again; what is shown stays until the answer comes. */
  reload(instance: string | undefined): void {
    this._load(this._ref, instance, 0);
  }

  private _load(
    ref: string | null,
    instance: string | undefined,
    delay: number
  ): void {
    if (!this._abort) {
      return;
    }
    this._abort.abort();
    this._abort = new AbortController();
    clearTimeout(this._timer);
    this._ref = ref;
    this._error = null;
    this._sitesError = null;
    if (ref !== null) {
      const { signal } = this._abort;
      this._timer = setTimeout(() => {
        void this._loadDid(ref, instance, signal);
        void this._loadSites(ref, instance, signal);
      }, delay);
    }
    this._changed.emit();
  }

  private async _loadDid(
    ref: string,
    instance: string | undefined,
    signal: AbortSignal
  ): Promise<void> {
    try {
      const query = { ref, instance };
      const did = await this._agent.request<IDid>('GET', 'datalake/did', {
        query,
        signal
      });
      if (!signal.aborted) {
        this._did = did;
        this._changed.emit();
      }
    } catch (error) {
      if (!signal.aborted && !isAbort(error) && error instanceof AgentError) {
        this._error = error;
        this._changed.emit();
      }
    }
  }

  private async _loadSites(
    ref: string,
    instance: string | undefined,
    signal: AbortSignal
  ): Promise<void> {
    try {
      const { sites, note } = await this._agent.request<ISites>(
        'GET',
        'datalake/replicas',
        { query: { ref, instance }, signal }
      );
      if (!signal.aborted) {
        this._sites = sites;
        this._sitesNote = note ?? null;
        this._changed.emit();
      }
    } catch (error) {
      if (!signal.aborted && !isAbort(error) && error instanceof AgentError) {
        this._sitesError = error;
        this._changed.emit();
      }
    }
  }

  private readonly _agent: IAgent;
  private readonly _changed = new Signal<this, void>(this);
  private _abort: AbortController | null = new AbortController();
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _ref: string | null = null;
  private _did: IDid | null = null;
  private _sites: readonly ISite[] | null = null;
  private _sitesNote: string | null = null;
  private _error: AgentError | null = null;
  private _sitesError: AgentError | null = null;
}
