import type { ITrans } from '../../core/errors';
import type { IAgent, IJobs } from '../../core/tokens';
import type { Window } from '../../signin/gate';
import type { IQuestion } from '../outline/listing';
import type { IOutlineRow, IRules } from '../outline/node';
import { Outline } from '../outline/outline';
import { States } from '../outline/states';
import type { IStatesOptions } from '../outline/states';
import { Connection } from './connection';
import { Details } from './details';
import type { Questions } from './details';
import type { IPart } from './tokens';

/** What a text means: something to list, or the rows to begin with. */
export type Intent<Q> =
  { kind: 'search'; query: Q } | { kind: 'home'; filter: string };

export interface IPanelModelOptions {
  agent: IAgent;
  jobs: IJobs;
  trans: ITrans;
  /** Where a person comes back to the page; the window itself but in tests. */
  window?: Window;
}

/** What a service tells its panel once and for all. */
export interface IServiceRules<R extends IOutlineRow> {
  /** Its name, where its routes begin. */
  service: string;
  rules: IRules<R>;
}

/**
 * What the model of a panel consists of, and what each service defines itself.
 *
 * `R` are the rows, `Q` is what can be listed.
 */
export abstract class PanelBase<R extends IOutlineRow, Q extends object> {
  constructor(options: IPanelModelOptions & IServiceRules<R>) {
    this.service = options.service;
    this.trans = options.trans;
    this.jobs = options.jobs;
    this.connection = new Connection(options);
    this.agent = this.connection.agent;
    this.outline = new Outline<R>({
      agent: this.agent,
      trans: this.trans,
      rules: options.rules,
      question: row => {
        const { path, query } = this.question(row);
        const instance = this.connection.instance?.name;
        return { path, query: { instance, ...query } };
      }
    });
  }

  readonly service: string;
  readonly connection: Connection;
  readonly outline: Outline<R>;

  /** How to ask for what is below a row, or for what the query means. */
  protected abstract question(row: R | null): IQuestion;

  /** Understand a text; null as long as that cannot be told. */
  protected abstract understand(text: string): Intent<Q> | null;

  /** What the search field shows for a query. */
  protected abstract textOf(query: Q): string;

  /** What is listed first; null shows the rows of `home`. */
  protected initial(): Q | null {
    return null;
  }

  /** The rows to begin with, those that fit a text. */
  protected home(_filter: string): readonly R[] {
    return [];
  }

  /** Ask what must be known of an instance to understand texts. */
  protected async prepare(_signal: AbortSignal): Promise<void> {
    // Most services need nothing.
  }

  /** Forget what was prepared: another instance is asked. */
  protected unprepare(): void {
    // Nothing was prepared.
  }

  /** The query to come back to after a reload, null if it is none any more. */
  protected comingBack(query: Q): Q | null {
    return query;
  }

  /** The selected rows that can be acted on. */
  selectedRows(): R[] {
    return this.outline.selection.rows;
  }

  /** The text to search for, given the name that was meant in place of one. */
  textFor(near: string): string {
    return near;
  }

  /** What a text may be completed to, from what is known already. */
  completions(_text: string): readonly string[] {
    return [];
  }

  /** Ask for the states of the rows on show, too. */
  protected addStates<S extends { ref: string; note?: string | null }>(
    ask: IStatesOptions<S>['ask']
  ): States<S> {
    return this._addPart(new States<S>({ jobs: this.jobs, ask }));
  }

  /** Ask for the details of the row that is selected alone, too. */
  protected addDetails<D extends object>(questions: Questions<D>): Details<D> {
    const details = this._addPart(new Details<D>(questions));
    this.outline.selection.changed.connect(() => {
      const rows = this.selectedRows();
      details.show(rows.length === 1 ? rows[0].ref : null);
    }, details);
    return details;
  }

  private _addPart<P extends IPart>(part: P): P {
    this.parts.push(part);
    return part;
  }

  protected readonly agent: IAgent;
  protected readonly jobs: IJobs;
  protected readonly trans: ITrans;
  protected readonly parts: IPart[] = [];
}
