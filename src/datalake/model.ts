/**
 * What the data lake panel shows and does.
 *
 * Long, because what a person asks for, a start, a refresh and a sign-in all
 * change the same few fields, and which of them wins is decided here.
 */
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IGetQuery, IInstance, IInstances, IRow, IScopes } from './api';
import type { IJob } from '../core/api';
import { AgentError, stopped } from '../core/errors';
import type { ITrans } from '../core/errors';
import type { IAgent, IJobs } from '../core/tokens';
import { Gate } from '../signin/gate';
import type { Window } from '../signin/gate';
import type { IGate } from '../signin/tokens';
import { Details } from '../ui/sidebar/details';
import { askWhoami, CHECKING, checkHealth } from '../ui/sidebar/health';
import { Listing } from '../ui/outline/listing';
import type { Column, IOrder } from '../ui/outline/order';
import type { IPlace, IQuery, TypeFilter } from './query';
import { matchingScopes, patternOf, understand, widerPattern } from './query';
import { Selection } from '../ui/outline/selection';
import { Sorting } from '../ui/outline/sorting';
import { States } from '../ui/outline/states';
import type { IDatalake, IHealth } from './tokens';
import type { INode } from '../ui/outline/node';
import { isCollection } from '../ui/outline/node';
import { Tree } from '../ui/outline/tree';

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
    this._listing = new Listing({
      agent: this._agent,
      tree: this.tree,
      trans: options.trans,
      onWhole: () => this._sorting.need()
    });
    this._sorting = new Sorting(this.tree, this.states);
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

  get refreshingSince(): number | null {
    return this._refresh?.since ?? null;
  }

  get view(): 'scopes' | 'dids' {
    return this._query ? 'dids' : 'scopes';
  }

  get filter(): string {
    return this._filter;
  }

  get pending(): string | null {
    return typeof this._goal === 'string' ? this._goal : null;
  }

  get query(): IQuery | null {
    return this._query;
  }

  get type(): TypeFilter {
    return this._type;
  }

  get order(): IOrder {
    return this._sorting.order;
  }

  get place(): IPlace {
    const { name: instance = null } = this._instance ?? {};
    return this._goal !== null && typeof this._goal !== 'string'
      ? this._goal
      : { instance, query: this._query, type: this._type };
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
    this._start.abort();
    this._scopesAsked.abort();
    this.states.dispose();
    this.details.dispose();
    Signal.clearData(this);
  }

  async start(place?: IPlace): Promise<void> {
    if (place) {
      // Searching inside names is slow, and one click away: begin without.
      const query = place.query && {
        ...place.query,
        pattern: patternOf(place.query.name)
      };
      this._goal ??= { ...place, query };
    }
    this._isStarting = true;
    this._since = Date.now();
    this._error = null;
    const { signal } = this._renewStart();
    this._changed.emit();
    try {
      const { instances } = await this._agent.request<IInstances>(
        'GET',
        'datalake/instances',
        { signal }
      );
      if (signal.aborted) {
        return;
      }
      this._instances = instances;
      const wanted = this._instance?.name ?? this._placeToGo?.instance;
      this._instance =
        instances.find(one => one.name === wanted) ?? instances[0] ?? null;
      await this._enter();
    } catch (error) {
      this._fail(error, signal);
    }
  }

  stop(): void {
    if (this._isStarting) {
      this._start.abort();
      this._refresh = null;
      this._error = stopped(this._trans);
      this._isStarting = false;
      this._changed.emit();
    }
  }

  async refresh(): Promise<void> {
    if (!this._instance) {
      await this.start();
      return;
    }
    const refresh = { since: Date.now() };
    this._refresh = refresh;
    this.states.invalidate();
    this.details.reload(this._instance.name);
    const asked: Promise<unknown>[] = [];
    if (this._error || !this._areScopesKnown || !this._query) {
      asked.push(this._loadScopes());
    }
    if (this._query) {
      asked.push(this._listing.refresh(this.tree.root));
    }
    this._changed.emit();
    // How the lake is may take longer to tell than what is in it.
    void this._checkHealth();
    await Promise.all(asked);
    if (this._refresh === refresh) {
      this._refresh = null;
      this._changed.emit();
    }
  }

  stopRefresh(): void {
    if (this._refresh) {
      this._refresh = null;
      this._listing.stopRefresh();
      this._scopesAsked.abort();
      this._changed.emit();
    }
  }

  async signOut(): Promise<void> {
    const identity = this._instance?.identity;
    const asked = this._asked;
    if (identity) {
      await this._agent.request('POST', 'sign-outs', { body: { identity } });
      // What was typed meanwhile is listed as soon as it can be.
      this._goal ??= asked === this._asked ? null : this.place;
      await this._enter();
    }
  }

  async useInstance(name: string): Promise<void> {
    const instance = this._instances.find(one => one.name === name);
    if (instance && instance !== this._instance) {
      this._ask(null);
      this._instance = instance;
      this._gate.forget();
      await this._enter();
    }
  }

  setLimit(limit: number): void {
    this._listing.limit = limit;
  }

  async search(text: string): Promise<void> {
    const scope = this._query?.scope ?? null;
    if (!this._canUnderstand(text, scope)) {
      this._ask(text);
      this._changed.emit();
      if (!this._isStarting) {
        await this.refresh();
      }
      return;
    }
    const intent = understand(text, scope, this._scopes);
    if (intent.kind === 'scopes') {
      this.showScopes(intent.filter);
    } else {
      await this._list(intent.query);
    }
  }

  /** A scope that is named, or at hand, needs no list of scopes. */
  private _canUnderstand(text: string, scopeAtHand: string | null): boolean {
    if (!this._instance) {
      return false;
    }
    return (
      this._areScopesKnown ||
      understand(text, scopeAtHand, []).kind === 'search'
    );
  }

  async openScope(scope: string): Promise<void> {
    await this._list({ scope, name: '', pattern: '*' });
  }

  showScopes(filter = ''): void {
    this._ask(null);
    this._listing.stop();
    this._query = null;
    this._filter = filter;
    this.selection.clear();
    this.tree.showScopes(matchingScopes(filter, this._scopes));
    this._changed.emit();
  }

  async setType(type: TypeFilter): Promise<void> {
    this._type = type;
    if (this._goal !== null && typeof this._goal !== 'string') {
      this._goal = { ...this._goal, type };
    }
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

  async more(node: INode): Promise<void> {
    await this._listing.more(node);
  }

  sortBy(column: Column): void {
    this._sorting.by(column);
    this._changed.emit();
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
  ): Promise<IJob | null> {
    // To another folder, or some files only: that is more than where it is.
    if (options.to === undefined && !options.files?.length) {
      rows = await this.states.notHere(rows);
      if (rows.length === 0) {
        return null;
      }
    }
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
    this._refresh = null;
    this._health = CHECKING;
    this.states.setInstance(name);
    this.details.show(null, name);
    this._query = null;
    this._scopes = [];
    this._areScopesKnown = false;
    this._error = null;
    this._isStarting = false;
    this.tree.clear();
    this.selection.clear();
    this._changed.emit();
    if (this._instance) {
      void this._checkHealth();
      const scopes = this._loadScopes();
      this._goAsFarAsKnown();
      await scopes;
    }
  }

  /** A person wants something else from now on; a text waits to be understood. */
  private _ask(text: string | null): void {
    this._asked += 1;
    this._goal = text;
    this._refresh = null;
  }

  private get _placeToGo(): IPlace | null {
    return typeof this._goal === 'string' ? null : this._goal;
  }

  /** A text that names its scope is listed before the scopes are known. */
  private _goAsFarAsKnown(): void {
    if (
      typeof this._goal === 'string' &&
      this._canUnderstand(this._goal, null)
    ) {
      void this.search(this._goal);
    }
  }

  /** Go where a person or the last visit wanted, now that the scopes are known. */
  private _goOn(): void {
    const goal = this._goal;
    this._goal = null;
    if (goal === null) {
      return;
    }
    if (typeof goal === 'string') {
      void this.search(goal);
      return;
    }
    this._type = goal.type;
    const { instance, query } = goal;
    if (
      instance === this._instance?.name &&
      query &&
      this._scopes.includes(query.scope)
    ) {
      void this._list(query);
    }
  }

  private async _loadScopes(): Promise<void> {
    this._scopesAsked.abort();
    this._scopesAsked = new AbortController();
    const { signal } = this._scopesAsked;
    const instance = this._instance?.name;
    if (!this._areScopesKnown) {
      this._isStarting = true;
      this._since = Date.now();
      this._start = this._scopesAsked;
      this._changed.emit();
    }
    try {
      const { scopes } = await this._agent.request<IScopes>(
        'GET',
        'datalake/scopes',
        { query: { instance }, signal }
      );
      if (signal.aborted) {
        return;
      }
      this._scopes = scopes;
      this._areScopesKnown = true;
      this._error = null;
      this._isStarting = false;
      if (!this._query) {
        this.tree.showScopes(matchingScopes(this._filter, scopes));
      }
      this._goOn();
      this._changed.emit();
    } catch (error) {
      this._fail(error, signal);
    }
  }

  private async _checkHealth(): Promise<void> {
    const instance = this._instance?.name;
    const check = {};
    this._check = check;
    if (this._health.whoami === null) {
      this._health = CHECKING;
      this._changed.emit();
    }
    const health = await checkHealth(this._agent, instance);
    // A later question knows better.
    if (check === this._check && !this._isDisposed) {
      this._health = health;
      if (health.whoami) {
        this._gate.open();
      }
      this._changed.emit();
    }
  }

  private async _list(query: IQuery): Promise<void> {
    this._ask(null);
    this._query = query;
    this._filter = '';
    this.selection.clear();
    const listing = this._listing.search(query, this._type);
    this._changed.emit();
    await listing;
    this._changed.emit();
  }

  private _renewStart(): AbortController {
    this._start.abort();
    this._start = new AbortController();
    return this._start;
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
  private readonly _sorting: Sorting;
  private readonly _changed = new Signal<this, void>(this);
  private _instances: readonly IInstance[] = [];
  private _instance: IInstance | null = null;
  private _health: IHealth = CHECKING;
  private _scopes: readonly string[] = [];
  private _query: IQuery | null = null;
  /** Whether the scopes of this instance were told, even if there are none. */
  private _areScopesKnown = false;
  /** Where to go as soon as we can: a place, or a text as it was typed. */
  private _goal: IPlace | string | null = null;
  /** Counts what a person asked for: what comes by itself gives way to it. */
  private _asked = 0;
  private _filter = '';
  private _type: TypeFilter = 'all';
  private _error: AgentError | null = null;
  private _isStarting = false;
  private _since = 0;
  private _refresh: { since: number } | null = null;
  private _check: object | null = null;
  private _start = new AbortController();
  private _scopesAsked = new AbortController();
  private _isDisposed = false;
}
