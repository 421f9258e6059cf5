/**
 * What a panel shows and does, whatever its service.
 *
 * What a person asks for, a start, a refresh and a sign-in all change the same
 * few fields. Which of them wins is decided here: what was asked for last.
 */
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { AgentError, stopped } from '../../core/errors';
import type { IOutlineRow } from '../outline/node';
import { PanelBase } from './base';
import type { IPanelModelOptions, IServiceRules } from './base';
import type { IPanelModel, IPlace } from './tokens';

/**
 * The model of a panel, to be extended by each service.
 *
 * `R` are its rows, `Q` is what can be listed.
 */
export abstract class PanelModel<R extends IOutlineRow, Q extends object>
  extends PanelBase<R, Q>
  implements IPanelModel<R>
{
  constructor(options: IPanelModelOptions & IServiceRules<R>) {
    super(options);
    this.connection.changed.connect(this.emitChanged, this);
    this.connection.gate.opened.connect(this._onOpened, this);
  }

  get error(): AgentError | null {
    return this._error;
  }

  get isStarting(): boolean {
    return this._isStarting;
  }

  get since(): number {
    return this._since;
  }

  get refreshingSince(): number | null {
    return this._refresh?.since ?? null;
  }

  get isHome(): boolean {
    return this._query === null;
  }

  get filter(): string {
    return this._filter;
  }

  /** A text that a person entered and that cannot be understood yet, or null. */
  get pending(): string | null {
    return typeof this._goal === 'string' ? this._goal : null;
  }

  get query(): Q | null {
    return this._query;
  }

  get text(): string {
    return (
      this.pending ?? (this._query ? this.textOf(this._query) : this._filter)
    );
  }

  get type(): string {
    return this._type;
  }

  /** What `start` goes back to. */
  get place(): IPlace<Q> {
    const { name: instance = null } = this.connection.instance ?? {};
    return (
      this._placeToGo ?? { instance, query: this._query, type: this._type }
    );
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.connection.gate.opened.disconnect(this._onOpened, this);
    this.connection.dispose();
    this.outline.stop();
    this._start.abort();
    this._preparing.abort();
    this.parts.forEach(part => part.dispose());
    Signal.clearData(this);
  }

  /** Begin where the user was last, or with the first instance. */
  async start(place?: IPlace<Q>): Promise<void> {
    if (place) {
      const query = place.query && this.comingBack(place.query);
      this._goal ??= { ...place, query };
    }
    this._isStarting = true;
    this._since = Date.now();
    this._error = null;
    this._start.abort();
    this._start = new AbortController();
    const { signal } = this._start;
    this._changed.emit();
    try {
      const wanted = this._placeToGo?.instance ?? null;
      await this.connection.load(wanted, signal);
      if (!signal.aborted) {
        await this._enter();
      }
    } catch (error) {
      this._fail(error, signal);
    }
  }

  stop(): void {
    if (this._isStarting) {
      this._start.abort();
      this._refresh = null;
      this._error = stopped(this.trans);
      this._isStarting = false;
      this._changed.emit();
    }
  }

  async refresh(): Promise<void> {
    if (!this.connection.instance) {
      await this.start();
      return;
    }
    const refresh = { since: Date.now() };
    this._refresh = refresh;
    this.parts.forEach(part => part.refresh());
    const asked: Promise<unknown>[] = [];
    if (this._error || !this._isPrepared || !this._query) {
      asked.push(this._prepare());
    }
    if (this._query) {
      asked.push(this.outline.refresh());
    }
    this._changed.emit();
    // How the service is may take longer to tell than what is in it.
    void this.connection.check();
    await Promise.all(asked);
    if (this._refresh === refresh) {
      this._refresh = null;
      this._changed.emit();
    }
  }

  stopRefresh(): void {
    if (this._refresh) {
      this._refresh = null;
      this.outline.stopRefresh();
      this._preparing.abort();
      this._changed.emit();
    }
  }

  async signOut(): Promise<void> {
    const identity = this.connection.instance?.identity;
    const asked = this._asked;
    if (identity) {
      await this.agent.request('POST', 'sign-outs', { body: { identity } });
      // What was typed meanwhile is listed as soon as it can be.
      this._goal ??= asked === this._asked ? null : this.place;
      await this._enter();
    }
  }

  async useInstance(name: string): Promise<void> {
    if (this.connection.use(name)) {
      this._ask(null);
      await this._enter();
    }
  }

  async search(text: string): Promise<void> {
    const intent = this.connection.instance && this.understand(text);
    if (!intent) {
      this._ask(text);
      this._changed.emit();
      if (!this._isStarting) {
        await this.refresh();
      }
    } else if (intent.kind === 'home') {
      this.showHome(intent.filter);
    } else {
      await this.list(intent.query);
    }
  }

  async complete(completion: string): Promise<void> {
    await this.search(completion);
  }

  /** Show the rows to begin with in place of what was listed. */
  showHome(filter = ''): void {
    this._ask(null);
    this._query = null;
    this._filter = filter;
    this.outline.show(this.home(filter));
    this._changed.emit();
  }

  async setType(type: string): Promise<void> {
    this._type = type;
    if (this._placeToGo) {
      this._goal = { ...this._placeToGo, type };
    }
    if (this._query) {
      await this.list(this._query);
    } else {
      this._changed.emit();
    }
  }

  /** List what a query means. */
  protected async list(query: Q): Promise<void> {
    this._ask(null);
    this._query = query;
    this._filter = '';
    const listing = this.outline.list();
    this._changed.emit();
    await listing;
    this._changed.emit();
  }

  protected emitChanged(): void {
    this._changed.emit();
  }

  /** Whether `prepare` has succeeded. */
  protected get isPrepared(): boolean {
    return this._isPrepared;
  }

  /** Begin with an instance: who we are there, and what must be known of it. */
  private async _enter(): Promise<void> {
    this._refresh = null;
    this.connection.forget();
    this._query = null;
    this._isPrepared = false;
    this.unprepare();
    this._error = null;
    this._isStarting = false;
    this.outline.clear();
    this.parts.forEach(part => part.enter());
    this._changed.emit();
    if (this.connection.instance) {
      void this.connection.check();
      const prepared = this._prepare();
      // A text that says enough is listed before all is known.
      if (typeof this._goal === 'string' && this.understand(this._goal)) {
        void this.search(this._goal);
      }
      await prepared;
    }
  }

  private async _prepare(): Promise<void> {
    this._preparing.abort();
    this._preparing = new AbortController();
    const { signal } = this._preparing;
    if (!this._isPrepared) {
      this._isStarting = true;
      this._since = Date.now();
      this._start = this._preparing;
      this._changed.emit();
    }
    try {
      await this.prepare(signal);
      if (signal.aborted) {
        return;
      }
      this._isPrepared = true;
      this._error = null;
      this._isStarting = false;
      if (!this._query) {
        this.outline.tree.show(this.home(this._filter));
      }
      this._goOn();
      this._changed.emit();
    } catch (error) {
      this._fail(error, signal);
    }
  }

  /** A person wants something else from now on; a text waits to be understood. */
  private _ask(text: string | null): void {
    this._asked += 1;
    this._goal = text;
    this._refresh = null;
  }

  private get _placeToGo(): IPlace<Q> | null {
    return typeof this._goal === 'string' ? null : this._goal;
  }

  /** Go where a person or the last visit wanted, now that it can be told. */
  private _goOn(): void {
    const goal = this._goal;
    this._goal = null;
    if (typeof goal === 'string') {
      void this.search(goal);
      return;
    }
    this._type = goal?.type ?? this._type;
    const isThere = goal?.instance === this.connection.instance?.name;
    const query =
      (isThere && goal?.query && this.comingBack(goal.query)) ||
      (this._query ? null : this.initial());
    if (query) {
      void this.list(query);
    }
  }

  private _fail(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) {
      return;
    }
    if (!(error instanceof AgentError)) {
      throw error;
    }
    this._error = error;
    this._isStarting = false;
    this._changed.emit();
  }

  /** What is shown is asked for again; jobs that waited say how they are. */
  private _onOpened(): void {
    void this.refresh();
    void this.jobs.refresh().catch(console.warn);
  }

  private readonly _changed = new Signal<this, void>(this);
  private _query: Q | null = null;
  private _isPrepared = false;
  /** Where to go as soon as we can: a place, or a text as it was typed. */
  private _goal: IPlace<Q> | string | null = null;
  /** Counts requests by the user: they take precedence over automatic ones. */
  private _asked = 0;
  private _filter = '';
  private _type = 'all';
  private _error: AgentError | null = null;
  private _isStarting = false;
  private _since = 0;
  private _refresh: { since: number } | null = null;
  private _start = new AbortController();
  private _preparing = new AbortController();
  private _isDisposed = false;
}
