import type { IRow } from '../../datalake/api';
import type { TypeFilter } from '../../datalake/query';
import { AgentError, isAbort, stopped } from '../../core/errors';
import type { ITrans } from '../../core/errors';
import type { IAgent, Query } from '../../core/tokens';
import type { IQuery } from '../../datalake/query';
import type { INode, Outcome } from './node';
import { isCollection } from './node';
import type { Tree } from './tree';

/** Fills the tree: one stream for each list that is open. */
export class Listing {
  /**
   * @param onWhole A list has come to its end.
   */
  constructor(options: {
    agent: IAgent;
    tree: Tree;
    trans: ITrans;
    onWhole: () => void;
  }) {
    this._agent = options.agent;
    this._tree = options.tree;
    this._trans = options.trans;
    this._onWhole = options.onWhole;
  }

  instance: string | undefined;
  limit = 2000;

  /** Stop everything that is on its way and say nothing. */
  stop(): void {
    this._streams.forEach(abort => abort.abort());
    this._streams.clear();
    this._refreshing.clear();
  }

  /** Keep the lists as they are; those that never came go on. */
  stopRefresh(): void {
    for (const [key, abort] of this._refreshing) {
      abort.abort();
      if (this._streams.get(key) === abort) {
        this._streams.delete(key);
      }
    }
    this._refreshing.clear();
  }

  /** List the DIDs that a search means in place of what was there. */
  async search(query: IQuery, type: TypeFilter): Promise<void> {
    this.stop();
    this._limits.clear();
    this._search = { scope: query.scope, pattern: query.pattern, type };
    this._tree.clear();
    await this.load(this._tree.root);
  }

  /** List what is directly below a node, as it arrives. */
  async load(node: INode): Promise<void> {
    const abort = this._begin(node);
    this._tree.begin(node);
    const outcome = await this._ask(node, abort, rows => {
      this._tree.append(node, rows);
    });
    if (outcome) {
      this._tree.finish(node, outcome);
      this._onWhole();
    }
  }

  /** Ask for more rows of a list than it shows; those that are there stay. */
  async more(node: INode): Promise<void> {
    const before = this._limits.get(node.key) ?? this.limit;
    this._limits.set(node.key, Math.min(MOST, before * MORE));
    const abort = this._begin(node);
    this._tree.begin(node);
    const rows: IRow[] = [];
    const outcome = await this._ask(node, abort, more => rows.push(...more));
    if (outcome?.kind === 'failed') {
      this._limits.set(node.key, before);
      this._tree.finish(node, outcome);
    } else if (outcome) {
      this._tree.replace(node, rows, outcome);
      this._onWhole();
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
    this._refreshing.set(node.key, abort);
    const rows: IRow[] = [];
    const outcome = await this._ask(node, abort, more => rows.push(...more));
    if (this._refreshing.get(node.key) === abort) {
      this._refreshing.delete(node.key);
    }
    if (!outcome) {
      return;
    }
    const isBroken = outcome.kind === 'failed';
    const old = node.children.map(child => child.row).filter(row => !!row);
    // A list that cannot be had again is better than none.
    this._tree.replace(node, isBroken ? old : rows, outcome);
    this._onWhole();
    if (!isBroken) {
      const open = node.children.filter(
        child => isCollection(child) && child.loading !== 'no'
      );
      await Promise.all(open.map(child => this.refresh(child)));
    }
  }

  /**
   * Ask for the list below a node, and say how that ended.
   *
   * Null when another question took this one's place: its answer, however late,
   * changes nothing.
   */
  private async _ask(
    node: INode,
    abort: AbortController,
    onRows: (rows: IRow[]) => void
  ): Promise<Outcome | null> {
    const isOurs = () => this._streams.get(node.key) === abort;
    let outcome: Outcome | null;
    try {
      const { path, query } = this._question(node);
      const end = await this._agent.stream<IRow>(path, {
        query,
        signal: abort.signal,
        onRows: rows => isOurs() && onRows(rows)
      });
      outcome = { kind: 'done', ...end };
    } catch (error) {
      outcome = this._failure(error, abort.signal);
    }
    if (!outcome || !isOurs()) {
      return null;
    }
    this._streams.delete(node.key);
    return outcome;
  }

  private _begin(node: INode): AbortController {
    this._streams.get(node.key)?.abort();
    const abort = new AbortController();
    this._streams.set(node.key, abort);
    return abort;
  }

  private _question(node: INode): { path: string; query: Query } {
    const { instance } = this;
    const limit = this._limits.get(node.key) ?? this.limit;
    if (node.row) {
      const query = { instance, limit, ref: node.row.ref };
      return { path: 'datalake/contents', query };
    }
    return {
      path: 'datalake/dids',
      query: { instance, limit, ...this._search }
    };
  }

  /** How it failed, or null when another question took this one's place. */
  private _failure(error: unknown, signal: AbortSignal): Outcome | null {
    if (signal.aborted) {
      return signal.reason === CANCELLED
        ? { kind: 'failed', error: stopped(this._trans) }
        : null;
    }
    if (isAbort(error) || !(error instanceof AgentError)) {
      throw error;
    }
    return { kind: 'failed', error };
  }

  private readonly _agent: IAgent;
  private readonly _tree: Tree;
  private readonly _trans: ITrans;
  private readonly _onWhole: () => void;
  /** Of the lists that somebody wanted more of. */
  private readonly _limits = new Map<string, number>();
  private readonly _streams = new Map<string, AbortController>();
  private _search: Query = {};
  private readonly _refreshing = new Map<string, AbortController>();
}

/** How many times as many rows *show more* shows. */
const MORE = 5;

/** The agent gives no more rows of one list. */
const MOST = 1_000_000;

/** Tells a person's Cancel from a question that was replaced. */
const CANCELLED = 'cancelled by a person';
