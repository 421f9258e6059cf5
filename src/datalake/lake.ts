import type { IAgent } from '../core/tokens';
import type { IAccount, IRow, IRse, IRule } from './api';

/** More than these nobody looks through. */
const MOST_NAMES = 500;

/** The data lake that a dialog is about, and what it can be asked. */
export class Lake {
  constructor(
    private readonly _agent: IAgent,
    /** The name of the instance; undefined is the default. */
    readonly instance: string | undefined
  ) {}

  account(signal?: AbortSignal): Promise<IAccount> {
    return this.ask('GET', 'account', {}, signal);
  }

  /** The RSEs that an expression means, all of them where it is empty. */
  async rses(expression: string, signal: AbortSignal): Promise<IRse[]> {
    const rows: IRse[] = [];
    await this._agent.stream<IRse>('datalake/rses', {
      query: { instance: this.instance, expression },
      signal,
      onRows: some => rows.push(...some)
    });
    return rows;
  }

  /** The rules of a DID. */
  async rules(ref: string, signal: AbortSignal): Promise<IRule[]> {
    const rows: IRule[] = [];
    await this._agent.stream<IRule>('datalake/rules', {
      query: { instance: this.instance, ref },
      signal,
      onRows: some => rows.push(...some)
    });
    return rows;
  }

  datasets(scope: string, signal: AbortSignal): Promise<string[]> {
    return this.collections('dataset', scope, signal);
  }

  /** Names of datasets or containers of a scope, the first ones by name. */
  async collections(
    type: 'dataset' | 'container',
    scope: string,
    signal: AbortSignal
  ): Promise<string[]> {
    const rows: IRow[] = [];
    await this._agent.stream<IRow>('datalake/dids', {
      query: {
        instance: this.instance,
        scope,
        pattern: '*',
        type,
        limit: MOST_NAMES
      },
      signal,
      onRows: some => rows.push(...some)
    });
    return rows.map(row => row.name);
  }

  /** Ask one of the data lake's routes; a GET takes its fields as a query. */
  ask<T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    fields: Record<string, unknown> = {},
    signal?: AbortSignal
  ): Promise<T> {
    const all = { instance: this.instance, ...fields };
    return this._agent.request<T>(method, `datalake/${path}`, {
      ...(method === 'POST'
        ? { body: all }
        : { query: all as Record<string, string | number | undefined> }),
      signal,
      repeatable: true
    });
  }
}
