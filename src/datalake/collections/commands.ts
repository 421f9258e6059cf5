import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { NO_ARGS } from '../../ui/sidebar/plugin';
import type { CollectionActions } from './actions';
import { CollectionIDs } from './commandids';

export interface ICollectionCommandsOptions {
  commands: CommandRegistry;
  palette: ICommandPalette | null;
  actions: CollectionActions;
  trans: TranslationBundle;
}

/** What can be done with collections, metadata and quotas. */
export function addCollectionCommands(
  options: ICollectionCommandsOptions
): IDisposable[] {
  const { commands, palette, actions, trans } = options;
  const category = trans.__('ESCAPE VRE');
  return Object.entries(all(actions, trans)).flatMap(([id, command]) => [
    commands.addCommand(id, { ...command, describedBy: NO_ARGS }),
    ...(palette ? [palette.addItem({ command: id, category })] : [])
  ]);
}

function all(
  actions: CollectionActions,
  trans: TranslationBundle
): Record<string, Omit<CommandRegistry.ICommandOptions, 'describedBy'>> {
  return {
    [CollectionIDs.newDataset]: {
      label: trans.__('New Dataset…'),
      caption: trans.__('Make a dataset, with the selected files in it'),
      execute: () => actions.create('dataset')
    },
    [CollectionIDs.newContainer]: {
      label: trans.__('New Container…'),
      caption: trans.__('Make a container, with the selected datasets in it'),
      execute: () => actions.create('container')
    },
    [CollectionIDs.attachTo]: {
      label: () =>
        actions.holder === 'container'
          ? trans.__('Attach to Container…')
          : trans.__('Attach to Dataset…'),
      caption: trans.__('Attach the selected data to a dataset or container'),
      isEnabled: () => actions.holder !== null,
      execute: () => actions.attach()
    },
    [CollectionIDs.detach]: {
      label: () => {
        const { parent } = actions;
        return parent
          ? trans.__('Detach from %1…', parent.name)
          : trans.__('Detach…');
      },
      caption: trans.__(
        'Detach the selected data from the collection that it is shown in'
      ),
      isEnabled: () => actions.parent !== null,
      isVisible: () => actions.parent !== null,
      execute: () => actions.detach()
    },
    [CollectionIDs.close]: {
      label: trans.__('Close Collection…'),
      caption: trans.__('Have nothing attached to it any more'),
      isEnabled: () => actions.collection !== null && actions.isOpen !== false,
      isVisible: () => actions.isOpen !== false,
      execute: () => actions.setOpen(false)
    },
    [CollectionIDs.reopen]: {
      label: trans.__('Reopen Collection…'),
      caption: trans.__('Let more be attached to it again'),
      isEnabled: () => actions.collection !== null && actions.isOpen !== true,
      isVisible: () => actions.isOpen === false,
      execute: () => actions.setOpen(true)
    },
    [CollectionIDs.editMetadata]: {
      label: trans.__('Edit Metadata…'),
      caption: trans.__('Set and remove metadata of the selected data'),
      isEnabled: () => actions.row !== null,
      execute: () => actions.editMetadata()
    },
    [CollectionIDs.erase]: {
      label: trans.__('Erase…'),
      caption: trans.__('Erase it, after saying what cannot come back'),
      isEnabled: () => actions.row !== null,
      execute: () => actions.erase()
    },
    [CollectionIDs.quota]: {
      label: trans.__('My Quota'),
      caption: trans.__('Show how much you store, and may store, at each RSE'),
      execute: () => actions.quota()
    }
  };
}
