import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IRule } from '../api';
import type { IAgent } from '../../core/tokens';
import { Lake } from '../lake';
import type { IDatalake } from '../tokens';
import { showDeleteRule, showKeepCopy, showLifetime } from './dialogs';

export interface IRuleActionsOptions {
  agent: IAgent;
  model: IDatalake;
  trans: TranslationBundle;
}

/** What a person can do with rules. */
export class RuleActions {
  constructor(private readonly _options: IRuleActionsOptions) {}

  /** Have copies of the selected DIDs kept somewhere. */
  async keepCopy(expression?: string): Promise<void> {
    const { model, trans } = this._options;
    const rows = model.selectedRows();
    if (rows.length === 0) {
      return;
    }
    const made = await showKeepCopy({
      lake: this._lake,
      rows,
      expression,
      trans
    });
    if (made) {
      for (const text of made.warnings) {
        Notification.warning(text, { autoClose: 8000 });
      }
      this._done(
        trans._n(
          'The rule is made. Its progress is in Details.',
          '%1 rules are made. Their progress is in Details.',
          made.rules.length
        )
      );
    }
  }

  async changeLifetime(id: string): Promise<void> {
    const { trans } = this._options;
    const rule = this._find(id);
    if (rule && (await showLifetime({ lake: this._lake, rule, trans }))) {
      this._done(trans.__('The end of the rule is changed.'));
    }
  }

  async deleteRule(id: string): Promise<void> {
    const { trans } = this._options;
    const rule = this._find(id);
    if (rule && (await showDeleteRule({ lake: this._lake, rule, trans }))) {
      this._done(trans.__('The rule is deleted.'));
    }
  }

  private _done(text: string): void {
    Notification.success(text, { autoClose: 5000 });
    this._options.model.details.refresh();
  }

  private _find(id: string): IRule | undefined {
    return this._options.model.details
      .get('rules')
      ?.find(rule => rule.id === id);
  }

  private get _lake(): Lake {
    const { agent, model } = this._options;
    return new Lake(agent, model.connection.instance?.name);
  }
}
