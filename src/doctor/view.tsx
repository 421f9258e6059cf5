import { Clipboard, MainAreaWidget } from '@jupyterlab/apputils';
import {
  ReactWidget,
  ToolbarButton,
  checkIcon,
  copyIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { ICheck } from '../core/api';
import type { IAgent } from '../core/tokens';
import { ErrorBox } from '../ui/errorbox';
import { Live } from '../ui/live';
import { useSignals } from '../ui/signals';
import { Doctor } from './model';

const SHAPES: Record<ICheck['state'], string> = {
  ok: '✓',
  warning: '!',
  failed: '✗',
  skipped: '–'
};

/** What works and what does not, in the main area; begins to check at once. */
export function makeDoctor(
  agent: IAgent,
  trans: TranslationBundle
): MainAreaWidget {
  const model = new Doctor(agent);
  const content = ReactWidget.create(<View model={model} trans={trans} />);
  content.addClass('escape-Doctor');
  const widget = new MainAreaWidget({ content });
  widget.id = 'escape-vre-doctor';
  widget.title.label = trans.__('Connections');
  widget.title.caption = trans.__('What works, and what does not');
  widget.title.icon = checkIcon;
  widget.title.closable = true;
  widget.toolbar.addItem(
    'again',
    new ToolbarButton({
      icon: refreshIcon,
      label: trans.__('Check again'),
      onClick: () => void model.run()
    })
  );
  widget.toolbar.addItem(
    'copy',
    new ToolbarButton({
      icon: copyIcon,
      label: trans.__('Copy'),
      tooltip: trans.__('Copy everything, for a report'),
      onClick: () => Clipboard.copyToSystem(model.text())
    })
  );
  widget.disposed.connect(() => model.dispose());
  void model.run();
  return widget;
}

function View(props: {
  model: Doctor;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, trans } = props;
  useSignals(model.changed);
  const verdict = verdictOf(model, trans);
  return (
    <div className="escape-Doctor-view" tabIndex={0}>
      <p className="escape-Doctor-verdict">{verdict}</p>
      {model.error && (
        <ErrorBox
          error={model.error}
          trans={trans}
          onAgain={() => void model.run()}
        />
      )}
      {[...model.groups].map(([subject, checks]) => (
        <section key={subject} aria-label={subject}>
          <h2 className="escape-Doctor-subject">{subject}</h2>
          <ul className="escape-Doctor-list">
            {checks.map((check, index) => (
              <Row key={index} check={check} trans={trans} />
            ))}
          </ul>
        </section>
      ))}
      <Live text={model.isRunning ? '' : verdict} />
    </div>
  );
}

function Row(props: {
  check: ICheck;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { check, trans } = props;
  const { state, name, message, hint } = check;
  return (
    <li className="escape-Doctor-check" data-state={state}>
      <span className="escape-Doctor-state">
        <span aria-hidden="true" className="escape-Doctor-shape">
          {SHAPES[state]}
        </span>
        {wordOf(state, trans)}
      </span>
      <span className="escape-Doctor-name">{name}</span>
      <span className="escape-Doctor-said">
        {message}
        {hint && state !== 'ok' && (
          <span className="escape-Doctor-hint">{hint}</span>
        )}
      </span>
    </li>
  );
}

function wordOf(state: ICheck['state'], trans: TranslationBundle): string {
  return {
    ok: trans.__('ok'),
    warning: trans.__('warning'),
    failed: trans.__('failed'),
    skipped: trans.__('skipped')
  }[state];
}

function verdictOf(model: Doctor, trans: TranslationBundle): string {
  if (model.isRunning) {
    return trans.__('Checking what is configured…');
  }
  const failed = model.count('failed');
  if (failed > 0) {
    return trans._n('%1 check failed.', '%1 checks failed.', failed, failed);
  }
  if (model.error) {
    return trans.__('Not everything could be checked.');
  }
  return model.count('warning') > 0
    ? trans.__('Nothing has failed.')
    : trans.__('Everything works.');
}
