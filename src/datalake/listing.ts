import type { IRow, TypeFilter } from '../core/api';
import { AgentError, isAbort, stopped } from '../core/errors';
import type { ITrans } from '../core/errors';
import type { IAgent, Query } from '../core/tokens';
import type { IQuery } from './query';
import type { INode, Outcome } from './node';
import { isCollection } from './node';
import type { Tree } from './tree';

/** Fills the tree: one stream for each list that is open. */
export class Listing {
  constructor(agent: IAgent, tree: Tree, trans: ITrans) {
    this._agent = agent;
    this._tree = tree;
    this._trans = trans;
  }

  instance: string | undefined;
  limit = 2000;

  /** Whether the lists that are shown are being asked for again. */
  get isRefreshing(): boolean {
    return this._refreshing > 0;
  }

  /** Stop everything that is on its way and say nothing. */
  stop(): void {
    this._streams.forEach(abort => abort.abort());
    this._streams.clear();
  }

  /** List the DIDs that a search means in place of what was there. */
  async search(query: IQuery, type: TypeFilter): Promise<void> {
    this.stop();
    this._search = { scope: query.scope, pattern: query.pattern, type };
    this._tree.clear();
    await this.load(this._tree.root);
  }

  /** List what is directly below a node, as it arrives. */
  async load(node: INode): Promise<void> {
    const abort = this._begin(node);
    this._tree.begin(node);
    let outcome: Outcome;
    try {
      const { path, query } = this._question(node);
      const end = await this._agent.stream<IRow>(path, {
        query,
        signal: abort.signal,
        onRows: rows => this._tree.append(node, rows)
      });
      outcome = { kind: 'done', truncated: end.truncated };
    } catch (error) {
      const failure = this._failure(error, abort.signal);
      if (!failure) {
        return;
      }
      outcome = { kind: 'failed', error: failure };
    }
    if (this._streams.get(node.key) === abort) {
      this._streams.delete(node.key);
      this._tree.finish(node, outcome);
    }
  }

  /** The person will not wait for this list any longer. */
  cancel(node: INode): void {
    this._streams.get(node.key)?.abort(CANCELLED);
  }

  /** Begin a list that broke anew. */
  async again(node: INode): Promise<void> {
    this._tree.replace(node, [], { kind: 'done', truncated: false });
    await this.load(node);
  }

  /**
   * Ask for a list again without taking away what is there.
   *
   * The new list is put in place when it is whole, then the lists below it.
   */
  async refresh(node: INode): Promise<void> {
    if (node.loading === 'running' && this._streams.has(node.key)) {
      return;
    }
    const abort = this._begin(node);
    const rows: IRow[] = [];
    let outcome: Outcome;
    this._refreshing += 1;
    try {
      const { path, query } = this._question(node);
      const end = await this._agent.stream<IRow>(path, {
        query,
        signal: abort.signal,
        onRows: more => rows.push(...more)
      });
      outcome = { kind: 'done', truncated: end.truncated };
    } catch (error) {
      const failure = this._failure(error, abort.signal);
      if (!failure) {
        return;
      }
      outcome = { kind: 'failed', error: failure };
    } finally {
      this._refreshing -= 1;
    }
    if (this._streams.get(node.key) !== abort) {
      return;
    }
    this._streams.delete(node.key);
    const isBroken = outcome.kind === 'failed';
    const old = node.children.map(child => child.row).filter(row => !!row);
    // A list that cannot be had again is better than none.
    this._tree.replace(node, isBroken ? old : rows, outcome);
    if (!isBroken) {
      const open = node.children.filter(
        child => isCollection(child) && child.loading !== 'no'
      );
      await Promise.all(open.map(child => this.refresh(child)));
    }
  }

  private _begin(node: INode): AbortController {
    this._streams.get(node.key)?.abort();
    const abort = new AbortController();
    this._streams.set(node.key, abort);
    return abort;
  }

  private _question(node: INode): { path: string; query: Query } {
    const { instance, limit } = this;
    if (node.row) {
      const query = { instance, limit, ref: node.row.ref };
      return { path: 'datalake/contents', query };
    }
    return {
      path: 'datalake/dids',
      query: { instance, limit, ...this._search }
    };
  }

  /** The error to show, or null when another question took this one's place. */
  private _failure(error: unknown, signal: AbortSignal): AgentError | null {
    if (signal.aborted) {
      return signal.reason === CANCELLED ? stopped(this._trans) : null;
    }
    if (isAbort(error) || !(error instanceof AgentError)) {
      throw error;
    }
    return error;
  }

  private readonly _agent: IAgent;
  private readonly _tree: Tree;
  private readonly _trans: ITrans;
  private readonly _streams = new Map<string, AbortController>();
  private _search: Query = {};
  private _refreshing = 0;
}

/** Tells a person's Cancel from a question that was replaced. */
const CANCELLED = 'cancelled by a person';
