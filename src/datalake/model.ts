import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type {
  IGetQuery,
  IInstance,
  IInstances,
  IJob,
  IRow,
  IScopes,
  TypeFilter
} from '../core/api';
import { AgentError, isAbort, stopped } from '../core/errors';
import type { ITrans } from '../core/errors';
import type { IAgent, IJobs } from '../core/tokens';
import { Gate } from '../signin/gate';
import type { Window } from '../signin/gate';
import type { IGate } from '../signin/tokens';
import { Details } from './details';
import { askWhoami, CHECKING, checkHealth } from './health';
import { Listing } from './listing';
import type { IPlace, IQuery } from './query';
import { matchingScopes, patternOf, understand, widerPattern } from './query';
import { Selection } from './selection';
import { States } from './states';
import type { IDatalake, IHealth } from './tokens';
import type { INode } from './node';
import { isCollection } from './node';
import { Tree } from './tree';

export class Datalake implements IDatalake {
  constructor(options: {
    agent: IAgent;
    jobs: IJobs;
    trans: ITrans;
    window?: Window;
  }) {
    this._gate = new Gate({
      window: options.window,
      look: () => askWhoami(options.agent, this._instance?.name)
    });
    this._agent = this._gate.watch(options.agent);
    this._trans = options.trans;
    this._jobs = options.jobs;
    this.tree = new Tree();
    this.selection = new Selection(this.tree);
    this.states = new States(this._agent, options.jobs);
    this.details = new Details(this._agent);
    this._listing = new Listing(this._agent, this.tree, options.trans);
    this._gate.opened.connect(this._onOpened, this);
    this.selection.changed.connect(this._onSelection, this);
  }

  readonly tree: Tree;
  readonly selection: Selection;
  readonly states: States;
  readonly details: Details;

  get gate(): IGate {
    return this._gate;
  }

  get instances(): readonly IInstance[] {
    return this._instances;
  }

  get instance(): IInstance | null {
    return this._instance;
  }

  get health(): IHealth {
    return this._health;
  }

  get scopes(): readonly string[] {
    return this._scopes;
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

  get isRefreshing(): boolean {
    return this._listing.isRefreshing;
  }

  get view(): 'scopes' | 'dids' {
    return this._query ? 'dids' : 'scopes';
  }

  get filter(): string {
    return this._filter;
  }

  get query(): IQuery | null {
    return this._query;
  }

  get type(): TypeFilter {
    return this._type;
  }

  get limit(): number {
    return this._listing.limit;
  }

  get place(): IPlace {
    const { name: instance = null } = this._instance ?? {};
    return this._goal ?? { instance, query: this._query, type: this._type };
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
    this.selection.changed.disconnect(this._onSelection, this);
    this._gate.opened.disconnect(this._onOpened, this);
    this._gate.dispose();
    this._listing.stop();
    this._stop.abort();
    this.states.dispose();
    this.details.dispose();
    Signal.clearData(this);
  }

  start(place?: IPlace): Promise<void> {
    this._goal = place ?? this._goal;
    this._started = this._start();
    return this._started;
  }

  private async _start(): Promise<void> {
    this._isStarting = true;
    this._since = Date.now();
    this._error = null;
    const stopped = this._renewStop();
    this._changed.emit();
    try {
      const { instances } = await this._agent.request<IInstances>(
        'GET',
        'datalake/instances',
        { signal: stopped }
      );
      this._instances = instances;
      const name = this._instance?.name ?? this._goal?.instance;
      this._instance =
        instances.find(one => one.name === name) ?? instances[0] ?? null;
      await this._enter();
    } catch (error) {
      this._fail(error);
    }
  }

  stop(): void {
    if (this._isStarting) {
      this._stop.abort();
      this._fail(stopped(this._trans));
    }
  }

  async refresh(): Promise<void> {
    if (this._error || !this._instance) {
      await this.start();
      return;
    }
    this.states.invalidate();
    this.details.reload(this._instance.name);
    const health = this._checkHealth();
    if (this._query) {
      const listing = this._listing.refresh(this.tree.root);
      this._changed.emit();
      await listing;
      this._changed.emit();
    } else {
      await this._loadScopes();
    }
    await health;
  }

  async signOut(): Promise<void> {
    const identity = this._instance?.identity;
    if (identity) {
      await this._agent.request('POST', 'sign-outs', { body: { identity } });
      await this._enter();
    }
  }

  async useInstance(name: string): Promise<void> {
    const instance = this._instances.find(one => one.name === name);
    if (instance && instance !== this._instance) {
      this._instance = instance;
      this._goal = null;
      this._gate.forget();
      this._started = this._enter();
      await this._started;
    }
  }

  setLimit(limit: number): void {
    this._listing.limit = limit;
  }

  async search(text: string): Promise<void> {
    const scope = this._query?.scope ?? null;
    this._goal = null;
    // Without the scopes a text cannot be understood.
    await this._started;
    const intent = understand(text, scope, this._scopes);
    if (intent.kind === 'scopes') {
      this.showScopes(intent.filter);
    } else {
      await this._list(intent.query);
    }
  }

  async openScope(scope: string): Promise<void> {
    await this._list({ scope, name: '', pattern: '*' });
  }

  showScopes(filter = ''): void {
    this._goal = null;
    this._listing.stop();
    this._query = null;
    this._filter = filter;
    this.selection.clear();
    this.tree.showScopes(matchingScopes(filter, this._scopes));
    this._changed.emit();
  }

  async setType(type: TypeFilter): Promise<void> {
    this._type = type;
    this._goal = this._goal && { ...this._goal, type };
    if (this._query) {
      await this._list(this._query);
    } else {
      this._changed.emit();
    }
  }

  async widen(): Promise<void> {
    const pattern = this._query && widerPattern(this._query.name);
    if (this._query && pattern) {
      await this._list({ ...this._query, pattern });
    }
  }

  toggle(node: INode): void {
    if (node.isExpanded) {
      this.collapse(node);
    } else {
      this.expand(node);
    }
  }

  expand(node: INode): void {
    if (isCollection(node) && !node.isExpanded) {
      this.tree.expand(node);
      if (node.loading === 'no') {
        void this._listing.load(node);
      }
    }
  }

  collapse(node: INode): void {
    this.tree.collapse(node);
  }

  cancel(node: INode): void {
    this._listing.cancel(node);
  }

  async again(node: INode): Promise<void> {
    await this._listing.again(node);
  }

  selectedRows(): IRow[] {
    const rows = new Map<string, IRow>();
    for (const { row } of this.selection.nodes) {
      if (row) {
        rows.set(row.ref, row);
      }
    }
    return [...rows.values()];
  }

  async get(
    rows: readonly IRow[],
    options: { to?: string; files?: string[] } = {}
  ): Promise<IJob> {
    const body: IGetQuery = {
      instance: this._instance?.name,
      refs: rows.map(row => row.ref),
      // The contents root itself is '' to Jupyter, which would mean no folder.
      to: options.to === '' ? '.' : options.to,
      files: options.files ?? []
    };
    const job = await this._agent.request<IJob>('POST', 'datalake/get', {
      body
    });
    this._jobs.put(job);
    return job;
  }

  /** Begin with an instance: who we are there, and its scopes. */
  private async _enter(): Promise<void> {
    const name = this._instance?.name;
    this._listing.stop();
    this._listing.instance = name;
    this._health = CHECKING;
    this.states.setInstance(name);
    this.details.show(null, name);
    this._query = null;
    this._scopes = [];
    this._error = null;
    this._isStarting = this._instance !== null;
    this._since = Date.now();
    this.tree.clear();
    this.selection.clear();
    this._changed.emit();
    if (this._instance) {
      await Promise.all([this._checkHealth(), this._loadScopes()]);
    }
  }

  /** Go where `start` was told to, unless somebody went elsewhere meanwhile. */
  private _goBack(): void {
    const goal = this._goal;
    if (!goal) {
      return;
    }
    this._goal = null;
    this._type = goal.type;
    const { instance, query } = goal;
    if (
      instance === this._instance?.name &&
      query &&
      this._scopes.includes(query.scope)
    ) {
      // Narrow again: searching inside names is slow, and one click away.
      void this._list({ ...query, pattern: patternOf(query.name) });
    }
  }

  private async _loadScopes(): Promise<void> {
    const instance = this._instance?.name;
    try {
      const { scopes } = await this._agent.request<IScopes>(
        'GET',
        'datalake/scopes',
        { query: { instance }, signal: this._stop.signal }
      );
      if (instance !== this._instance?.name || this._isDisposed) {
        return;
      }
      this._scopes = scopes;
      this._error = null;
      this._isStarting = false;
      if (!this._query) {
        this.tree.showScopes(matchingScopes(this._filter, scopes));
      }
      this._goBack();
      this._changed.emit();
    } catch (error) {
      this._fail(error);
    }
  }

  private async _checkHealth(): Promise<void> {
    const instance = this._instance?.name;
    if (this._health.whoami === null) {
      this._health = CHECKING;
      this._changed.emit();
    }
    const health = await checkHealth(this._agent, instance);
    if (instance === this._instance?.name && !this._isDisposed) {
      this._health = health;
      if (health.whoami) {
        this._gate.open();
      }
      this._changed.emit();
    }
  }

  private async _list(query: IQuery): Promise<void> {
    this._goal = null;
    this._query = query;
    this._filter = '';
    this.selection.clear();
    const listing = this._listing.search(query, this._type);
    this._changed.emit();
    await listing;
    this._changed.emit();
  }

  private _renewStop(): AbortSignal {
    this._stop.abort();
    this._stop = new AbortController();
    return this._stop.signal;
  }

  private _fail(error: unknown): void {
    if (isAbort(error)) {
      return;
    }
    if (!(error instanceof AgentError)) {
      throw error;
    }
    if (!this._isDisposed) {
      this._error = error;
      this._isStarting = false;
      this._changed.emit();
    }
  }

  /** What was shown is asked for again; jobs that waited say how they are. */
  private _onOpened(): void {
    void this.refresh();
    void this._jobs.refresh().catch(console.warn);
  }

  private _onSelection(): void {
    const rows = this.selectedRows();
    const ref = rows.length === 1 ? rows[0].ref : null;
    this.details.show(ref, this._instance?.name);
  }

  private readonly _agent: IAgent;
  private readonly _gate: Gate;
  private readonly _jobs: IJobs;
  private readonly _trans: ITrans;
  private readonly _listing: Listing;
  private readonly _changed = new Signal<this, void>(this);
  private _instances: readonly IInstance[] = [];
  private _instance: IInstance | null = null;
  private _health: IHealth = CHECKING;
  private _scopes: readonly string[] = [];
  private _query: IQuery | null = null;
  /** Where to go, as long as we could not. */
  private _goal: IPlace | null = null;
  private _filter = '';
  private _type: TypeFilter = 'all';
  private _error: AgentError | null = null;
  private _isStarting = false;
  private _since = 0;
  private _started: Promise<void> = Promise.resolve();
  private _stop = new AbortController();
  private _isDisposed = false;
}
