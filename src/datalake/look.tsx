import { caretDownIcon, fileIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import type { IRow } from './api';
import type { IJob } from '../core/api';
import type { IJobs } from '../core/tokens';
import { formatBytes } from '../ui/format';
import {
  containerIcon,
  datasetIcon,
  getIcon,
  insertIcon,
  scopeIcon
} from '../ui/icons';
import { Figure, State } from '../ui/outline/cells';
import type { IStateView } from '../ui/outline/cells';
import type { IHeading, IRowAction, IRowLook } from '../ui/outline/look';
import type { IPanelLook } from '../ui/sidebar/look';
import { CommandIDs } from './commandids';
import { MENU } from './menu';
import { nothingHere } from './nothing';
import type { HeldOver } from './put/drop';
import { describe } from './rowstate';
import { isDid } from './rows';
import { refineFor } from './search/editor';
import type { ILakeRow } from './rows';
import { Summary } from './summary';
import type { IDatalake } from './tokens';
import { Unknown } from './unknown';

export interface ILakeLookOptions {
  model: IDatalake;
  jobs: IJobs;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Which row files are held over. */
  heldOver: HeldOver;
  onDrag: (event: MouseEvent) => void;
  /** The user wants to choose how to get: opens a menu at this place of the window. */
  onGetHow: (x: number, y: number) => void;
}

const ICONS: Record<ILakeRow['type'], LabIcon> = {
  scope: scopeIcon,
  container: containerIcon,
  dataset: datasetIcon,
  file: fileIcon
};

/** What the data lake's panel looks like. */
export function lakeLook(options: ILakeLookOptions): IPanelLook<ILakeRow> {
  const { model, jobs, commands, trans, heldOver } = options;
  const run = (command: string) => void commands.execute(command);
  return {
    id: 'escape-datalake',
    words: {
      service: trans.__('Data lake'),
      who: trans.__('the data lake'),
      search: trans.__('Search the data lake'),
      searchHint: trans.__(
        'Type the beginning of a name and press Enter. Type scope:name to search another scope.'
      ),
      completions: trans.__('Scopes'),
      unconfigured: trans.__(
        'No data lake is configured. An administrator adds one in escape_vre_config.json.'
      )
    },
    commands: {
      refresh: CommandIDs.refresh,
      search: CommandIDs.search,
      signIn: CommandIDs.signIn,
      tools: [CommandIDs.put],
      menu: MENU
    },
    list: {
      id: 'escape-datalake-tree',
      label: () => (model.isHome ? trans.__('Scopes') : trans.__('Data')),
      look: row =>
        isDid(row)
          ? didLook(row, options)
          : {
              icon: scopeIcon,
              label: trans.__('Scope %1', row.name),
              title: row.name,
              className: `escape-ScopeRow ${held(row, heldOver)}`,
              data: { 'data-ref': row.ref }
            },
      headings: () => (model.isHome ? [] : headings(trans)),
      signals: [model.states.changed, jobs.changed, heldOver.changed],
      onOpen: () => run(CommandIDs.openItem),
      onClick: row => {
        if (!isDid(row)) {
          void model.openScope(row.name);
        }
        return !isDid(row);
      },
      onLeave: () => run(CommandIDs.scopes),
      onDrag: options.onDrag,
      onVisible: refs => model.states.want(refs)
    },
    placeholder: () =>
      model.query
        ? trans.__('Search in %1', model.query.scope)
        : trans.__('scope:name'),
    refine: refineFor(model, trans),
    chips: [
      { value: 'all', label: trans.__('all') },
      { value: 'container', label: trans.__('containers') },
      { value: 'dataset', label: trans.__('datasets') },
      { value: 'file', label: trans.__('files') }
    ],
    nothing: () => nothingHere(model, trans),
    below: () => <Unknown model={model} />,
    summary: ({ onDone }) => (
      <Summary model={model} trans={trans} onDone={onDone} />
    )
  };
}

function headings(trans: TranslationBundle): readonly IHeading[] {
  return [
    { id: 'name', label: trans.__('Name'), title: trans.__('Sort by name') },
    { id: 'size', label: trans.__('Size'), title: trans.__('Sort by size') },
    { id: 'state', label: trans.__('State'), title: trans.__('Sort by state') }
  ];
}

function held(row: ILakeRow, heldOver: HeldOver): string {
  return row.ref === heldOver.ref ? 'escape-mod-target' : '';
}

/** A container, dataset or file: name, size, state; actions on hover. */
function didLook(row: IRow, options: ILakeLookOptions): IRowLook {
  const { model, trans } = options;
  const state = stateOf(row, options);
  const bytes = row.bytes ?? model.states.get(row.ref)?.bytes ?? null;
  const size = bytes === null ? '' : formatBytes(bytes);
  const type = {
    container: trans.__('container'),
    dataset: trans.__('dataset'),
    file: trans.__('file')
  }[row.type];
  const facts = [type, size, state.sentence].filter(Boolean).join(', ');
  return {
    icon: ICONS[row.type],
    label: `${row.name}, ${facts}`,
    title: `${row.name}\n${facts}`,
    className: `escape-DatalakeRow ${held(row, options.heldOver)}`,
    data: { 'data-type': row.type, 'data-ref': row.ref },
    cells: (
      <>
        <Figure text={size} />
        <State state={state} />
      </>
    ),
    actions: actionsFor(state, options),
    hasMenu: true,
    fraction: state.shape === 'moving' ? (state.fraction ?? 0) : null
  };
}

function actionsFor(
  { shape }: IStateView,
  { commands, trans, onGetHow }: ILakeLookOptions
): IRowAction[] {
  const run = (command: string) => () => void commands.execute(command);
  const get: IRowAction[] = [
    { icon: getIcon, label: trans.__('Get'), run: run(CommandIDs.get) },
    {
      icon: caretDownIcon,
      label: trans.__('Choose folder or files'),
      isMenu: true,
      isBeside: true,
      run: button => {
        const { left, bottom } = button.getBoundingClientRect();
        onGetHow(left, bottom);
      }
    }
  ];
  const canGet = shape !== 'here' && shape !== 'moving';
  return [
    ...(canGet ? get : []),
    {
      icon: insertIcon,
      label: trans.__('Insert into notebook'),
      run: run(CommandIDs.insert)
    }
  ];
}

function stateOf(
  { ref }: IRow,
  { model, jobs, trans }: ILakeLookOptions
): IStateView {
  const state = model.states.get(ref);
  const job = jobs.get(state?.job ?? '');
  return describe(state, jobs.activeFor(ref) ?? ownJob(ref, job), trans);
}

/** A job that fetches a collection says nothing exact about one file of it. */
function ownJob(ref: string, job: IJob | undefined): IJob | undefined {
  return job?.refs.includes(ref) ? job : undefined;
}
