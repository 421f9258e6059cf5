import { closeIcon, editIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { useAnswer } from '../../ui/form/answer';
import { Progress } from '../../ui/progress';
import { StateShape } from '../../ui/outline/shape';
import type { IRule, IRuleInFull } from '../api';
import { CommandIDs } from '../commandids';
import { ruleFacts, ruleState, ruleTitle, troubleText } from './words';

export interface IRulesProps {
  rules: readonly IRule[];
  /** Ask for one rule in full. */
  ask: (id: string, signal: AbortSignal) => Promise<IRuleInFull>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The rules of a DID: where copies are kept, how far that is, until when. */
export function Rules(props: IRulesProps): React.JSX.Element {
  const { rules, trans } = props;
  if (rules.length === 0) {
    return (
      <p>{trans.__('No rule of its own keeps it; Rucio may delete it.')}</p>
    );
  }
  return (
    <ul className="escape-Rules" aria-label={trans.__('Rules')}>
      {rules.map(rule => (
        <Rule key={rule.id} {...props} rule={rule} />
      ))}
    </ul>
  );
}

function Rule(props: IRulesProps & { rule: IRule }): React.JSX.Element {
  const { rule, trans } = props;
  const state = ruleState(rule, trans);
  const title = ruleTitle(rule, trans);
  const isLate = rule.state === 'STUCK' || rule.state === 'REPLICATING';
  return (
    <li className="escape-Rule" data-rule={rule.id} data-state={rule.state}>
      <div className="escape-Rule-line">
        <span className="escape-Rule-title">{title}</span>
        <span className="escape-Rule-state">
          <StateShape shape={state.shape} />
          {state.word}
        </span>
        {rule.mine && (
          <>
            <Button
              {...props}
              id={CommandIDs.ruleLifetime}
              icon={editIcon}
              label={trans.__('Change until when')}
              title={title}
            />
            <Button
              {...props}
              id={CommandIDs.ruleDelete}
              icon={closeIcon}
              label={trans.__('Delete')}
              title={title}
            />
          </>
        )}
      </div>
      {state.fraction !== null && (
        <Progress label={title} fraction={state.fraction} />
      )}
      <div className="escape-Rule-facts">{ruleFacts(rule, trans)}</div>
      {rule.why && <p className="escape-Rule-error">{rule.why}</p>}
      {isLate && <Late {...props} />}
    </li>
  );
}

/** Which files have not arrived, asked for when a person wants to know. */
function Late(props: IRulesProps & { rule: IRule }): React.JSX.Element {
  const { trans } = props;
  const [isOpen, setOpen] = React.useState(false);
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{trans.__('What has not arrived')}</summary>
      {isOpen && <Troubles {...props} />}
    </details>
  );
}

function Troubles(
  props: IRulesProps & { rule: IRule }
): React.JSX.Element | null {
  const { rule, trans } = props;
  const full = useAnswer(
    signal => props.ask(rule.id, signal),
    [rule.id, rule.updated]
  );
  if (!full) {
    return (
      <div className="escape-Waiting-row" aria-hidden="true">
        <span />
      </div>
    );
  }
  const { troubles, more_troubles: more, note } = full;
  return (
    <>
      {troubles.length === 0 && <p>{trans.__('No file lags behind now.')}</p>}
      <ul className="escape-Rule-troubles">
        {troubles.map(trouble => (
          <li key={`${trouble.ref} ${trouble.rse}`}>
            {troubleText(trouble, trans)}
          </li>
        ))}
      </ul>
      {more > 0 && <p>{trans.__('and %1 more', more)}</p>}
      {note && <p>{note}</p>}
    </>
  );
}

function Button(props: {
  id: string;
  icon: LabIcon;
  label: string;
  title: string;
  rule: IRule;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { id, icon: Icon, label, rule, commands, trans } = props;
  return (
    <button
      className="escape-Row-action"
      title={label}
      aria-label={trans.__('%1: %2', label, props.title)}
      onClick={() => void commands.execute(id, { rule: rule.id })}
    >
      <Icon.react tag="span" />
    </button>
  );
}
