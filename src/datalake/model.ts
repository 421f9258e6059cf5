import type {
  IDid,
  IGetQuery,
  IKey,
  IKeys,
  INear,
  IRow,
  IRowState,
  IScopes,
  ISites
} from './api';
import type { IJob } from '../core/api';
import type { Details } from '../ui/sidebar/details';
import type { IQuestion } from '../ui/outline/listing';
import type { States } from '../ui/outline/states';
import type { Intent, IPanelModelOptions } from '../ui/sidebar/base';
import { PanelModel } from '../ui/sidebar/model';
import { Lake } from './lake';
import type { IQuery } from './query';
import {
  matchingScopes,
  patternOf,
  textOf,
  understand,
  widerPattern
} from './query';
import type { ILakeRow } from './rows';
import { isDid, RULES, scopeRow, sortKeys } from './rows';
import type { IDatalake, ILakeDetails } from './tokens';

/** What the data lake panel shows and does. */
export class Datalake
  extends PanelModel<ILakeRow, IQuery>
  implements IDatalake
{
  constructor(options: IPanelModelOptions) {
    super({ ...options, service: 'datalake', rules: RULES });
    this.states = this.addStates<IRowState>((refs, signal) =>
      this._askStates(refs, signal)
    );
    this.outline.setKeys(
      sortKeys(ref => this.states.get(ref)),
      this.states
    );
    const about = <T>(path: string, ref: string, signal: AbortSignal) =>
      this.agent.request<T>('GET', path, {
        query: { ref, instance: this._name },
        signal
      });
    this.details = this.addDetails<ILakeDetails>({
      did: (ref, signal) => about<IDid>('datalake/did', ref, signal),
      replicas: (ref, signal) =>
        about<ISites>('datalake/replicas', ref, signal),
      rules: (ref, signal) =>
        new Lake(this.agent, this._name).rules(ref, signal),
      near: (ref, signal) => about<INear | null>('datalake/near', ref, signal)
    });
  }

  readonly states: States<IRowState>;
  readonly details: Details<ILakeDetails>;

  get scopes(): readonly string[] {
    return this._scopes;
  }

  async openScope(scope: string): Promise<void> {
    await this.list({ scope, name: '', pattern: '*', conditions: '' });
  }

  async openDid(scope: string, name: string): Promise<void> {
    const query = { scope, name, pattern: name, conditions: '' };
    if (this.type !== 'all') {
      await this.setType('all');
    }
    await this.list(query);
    const row = this.outline.tree.rows.find(
      one => one.row?.scope === scope && one.row.name === name
    );
    if (row && this.query === query) {
      this.outline.selection.select(row);
    }
  }

  async widen(): Promise<void> {
    const { query } = this;
    const pattern = query && widerPattern(query.name);
    if (query && pattern) {
      await this.list({ ...query, pattern });
    }
  }

  selectedRows(): IRow[] {
    return this.outline.selection.rows.filter(isDid);
  }

  /** Another scope is searched for the same name. */
  textFor(near: string): string {
    return near.includes(':') ? near : `${near}:${this.query?.name ?? ''}`;
  }

  /** Scopes only: a name could not be completed without asking Rucio. */
  completions(text: string): readonly string[] {
    const word = text.trim();
    return /[:*=<>]/.test(word) ? [] : matchingScopes(word, this._scopes);
  }

  /** Replace the conditions of the search, in the scope at hand. */
  async searchBy(conditions: string): Promise<void> {
    if (this.query) {
      await this.list({ ...this.query, conditions });
    }
  }

  /** The keys that conditions can be completed from, asked for once. */
  async keys(): Promise<readonly IKey[]> {
    const instance = this._name;
    const { keys } = await this.agent.request<IKeys>(
      'GET',
      'datalake/search/keys',
      { query: { instance } }
    );
    return keys;
  }

  async complete(scope: string): Promise<void> {
    await this.openScope(scope);
  }

  async get(
    rows: readonly IRow[],
    options: { to?: string; files?: string[] } = {}
  ): Promise<IJob | null> {
    // To another folder, or some files only: that is more than where it is.
    if (options.to === undefined && !options.files?.length) {
      rows = await this._notHere(rows);
      if (rows.length === 0) {
        return null;
      }
    }
    const body: IGetQuery = {
      instance: this._name,
      refs: rows.map(row => row.ref),
      // The contents root itself is '' to Jupyter, which would mean no folder.
      to: options.to === '' ? '.' : options.to,
      files: options.files ?? []
    };
    const job = await this.agent.request<IJob>('POST', 'datalake/get', {
      body,
      repeatable: true
    });
    this.jobs.put(job);
    return job;
  }

  protected question(row: ILakeRow | null): IQuestion {
    if (row) {
      return { path: 'datalake/contents', query: { ref: row.ref } };
    }
    const { scope, pattern, conditions } = this.query ?? {};
    const { type } = this;
    if (conditions) {
      const text = `${scope}:${pattern} ${conditions}`;
      return { path: 'datalake/search', query: { text, type } };
    }
    return { path: 'datalake/dids', query: { scope, pattern, type } };
  }

  /** A scope that is named, or at hand, needs no list of scopes. */
  protected understand(text: string): Intent<IQuery> | null {
    const scope = this.query?.scope ?? null;
    const intent = understand(text, scope, this._scopes);
    return this.isPrepared || intent.kind === 'search' ? intent : null;
  }

  protected textOf(query: IQuery): string {
    return textOf(query);
  }

  protected home(filter: string): readonly ILakeRow[] {
    return matchingScopes(filter, this._scopes).map(scopeRow);
  }

  protected async prepare(signal: AbortSignal): Promise<void> {
    const { scopes } = await this.agent.request<IScopes>(
      'GET',
      'datalake/scopes',
      { query: { instance: this._name }, signal }
    );
    if (!signal.aborted) {
      this._scopes = scopes;
    }
  }

  protected unprepare(): void {
    this._scopes = [];
  }

  /** Searching inside names is slow, and one click away: come back without. */
  protected comingBack(query: IQuery): IQuery | null {
    return this.isPrepared && !this._scopes.includes(query.scope)
      ? null
      : { ...query, pattern: patternOf(query.name) };
  }

  private get _name(): string | undefined {
    return this.connection.instance?.name;
  }

  private async _askStates(
    refs: readonly string[],
    signal?: AbortSignal
  ): Promise<readonly IRowState[]> {
    const { rows } = await this.agent.request<{ rows: IRowState[] }>(
      'POST',
      'datalake/states',
      {
        body: { instance: this._name ?? null, refs },
        signal,
        repeatable: true
      }
    );
    return rows;
  }

  /** Those of some rows that are not here at this moment. */
  private async _notHere(rows: readonly IRow[]): Promise<readonly IRow[]> {
    const maybe = rows
      .map(row => row.ref)
      .filter(ref => this.states.get(ref)?.local === 'here');
    if (maybe.length === 0) {
      return rows;
    }
    // The file may have been removed since its state was asked for.
    const here = (await this.states.look(maybe))
      .filter(state => state.local === 'here')
      .map(state => state.ref);
    return rows.filter(row => !here.includes(row.ref));
  }

  private _scopes: readonly string[] = [];
}
