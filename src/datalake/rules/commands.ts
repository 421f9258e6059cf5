import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { CommandIDs } from '../commandids';
import type { RuleActions } from './actions';

const RULE = {
  args: {
    type: 'object',
    properties: { rule: { type: 'string', description: 'The id of a rule' } },
    required: ['rule']
  }
} as const;

/** What can be done with a rule that Details show; it needs to be told which. */
export function addRuleCommands(
  commands: CommandRegistry,
  rules: RuleActions,
  trans: TranslationBundle
): IDisposable[] {
  return [
    commands.addCommand(CommandIDs.ruleLifetime, {
      label: trans.__('Change Until When…'),
      caption: trans.__('Change until when a rule keeps copies'),
      describedBy: RULE,
      execute: args => rules.changeLifetime(String(args.rule))
    }),
    commands.addCommand(CommandIDs.ruleDelete, {
      label: trans.__('Delete Rule…'),
      caption: trans.__('Delete a rule, after saying what is lost with it'),
      describedBy: RULE,
      execute: args => rules.deleteRule(String(args.rule))
    })
  ];
}
