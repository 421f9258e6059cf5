import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  copyIcon,
  folderIcon,
  infoIcon,
  linkIcon,
  notebookIcon,
  refreshIcon,
  searchIcon
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  datalakeIcon,
  getIcon,
  insertIcon,
  keepIcon,
  putIcon,
  scopeIcon
} from '../ui/icons';
import type { IPanelCommand } from '../ui/sidebar/plugin';
import { CommandIDs } from './commandids';
import type { ILoadedLake } from './loader';

/** Everything that the panel can be told to do. */
export function lakeCommands(
  trans: TranslationBundle,
  activate: () => void
): IPanelCommand<ILoadedLake>[] {
  const hasRows = ({ model }: ILoadedLake) => model.selectedRows().length > 0;
  const isHere = ({ model }: ILoadedLake) =>
    model.selectedRows().some(row => model.states.get(row.ref)?.path);

  return [
    {
      id: CommandIDs.open,
      label: trans.__('Show Data Lake'),
      caption: trans.__('Show the data lake in the sidebar'),
      icon: datalakeIcon,
      run: activate
    },
    {
      id: CommandIDs.search,
      label: trans.__('Search Data Lake'),
      caption: trans.__('Go to the search field of the data lake'),
      icon: searchIcon,
      run: ({ panel }) => {
        panel.searchNext();
        activate();
      }
    },
    {
      id: CommandIDs.refresh,
      label: trans.__('Refresh Data Lake'),
      caption: trans.__('List again what is shown'),
      icon: refreshIcon,
      run: ({ model }) => model.refresh()
    },
    {
      id: CommandIDs.signIn,
      label: trans.__('Sign In to Data Lake'),
      caption: trans.__('Sign in to the data lake'),
      icon: datalakeIcon,
      run: ({ actions }) => actions.signIn(),
      isEnabled: ({ model }) => {
        const way = model.connection.gate.way?.kind;
        const { instance, health } = model.connection;
        return way === 'link' || (!!instance?.identity && !health.whoami);
      }
    },
    {
      id: CommandIDs.signOut,
      label: trans.__('Sign Out of Data Lake'),
      caption: trans.__('Sign out of the data lake'),
      icon: datalakeIcon,
      run: ({ actions }) => actions.signOut(),
      isEnabled: ({ model }) =>
        !!model.connection.instance?.identity &&
        !!model.connection.health.whoami
    },
    {
      id: CommandIDs.scopes,
      label: trans.__('Show All Scopes'),
      caption: trans.__('Go back to the list of scopes'),
      icon: scopeIcon,
      run: ({ model }) => model.showHome()
    },
    {
      id: CommandIDs.openItem,
      label: trans.__('Open'),
      caption: trans.__('Open the file, or get it if it is elsewhere'),
      icon: folderIcon,
      run: ({ actions }) => actions.openItem(),
      isForRow: true,
      isEnabled: ({ model }) => model.outline.selection.nodes.length > 0
    },
    {
      id: CommandIDs.get,
      label: trans.__('Get'),
      caption: trans.__('Get the selected data'),
      icon: getIcon,
      run: ({ actions }) => actions.get(),
      isEnabled: hasRows
    },
    {
      id: CommandIDs.getTo,
      label: trans.__('Get to Folder…'),
      caption: trans.__('Get the selected data to a folder of your choice'),
      icon: folderIcon,
      run: ({ actions }) => actions.getTo(),
      isEnabled: loaded => hasRows(loaded) && loaded.canChooseFolder
    },
    {
      id: CommandIDs.getSome,
      label: trans.__('Get Only Some Files…'),
      caption: trans.__('Get some files of the selected dataset'),
      icon: getIcon,
      run: ({ actions }) => actions.getSome(),
      isEnabled: ({ model }) => {
        const rows = model.selectedRows();
        return rows.length === 1 && rows[0].type !== 'file';
      }
    },
    {
      id: CommandIDs.put,
      label: trans.__('Put Files…'),
      caption: trans.__('Choose files and folders to put into the data lake'),
      icon: putIcon,
      run: ({ puts }) => puts.choose()
    },
    {
      id: CommandIDs.putSelected,
      label: trans.__('Put into Data Lake…'),
      caption: trans.__('Put what is selected in the file browser'),
      icon: putIcon,
      run: ({ puts }) => puts.putSelected()
    },
    {
      id: CommandIDs.insert,
      label: trans.__('Insert into Notebook'),
      caption: trans.__('Insert code that uses the selected data'),
      icon: insertIcon,
      run: ({ actions }) => actions.insert(),
      isEnabled: hasRows
    },
    {
      id: CommandIDs.attach,
      label: trans.__('Attach to Notebook'),
      caption: trans.__(
        'Have the selected data as variables whenever the kernel starts'
      ),
      icon: notebookIcon,
      run: ({ attach }) => attach?.(),
      isEnabled: loaded => hasRows(loaded) && loaded.attach !== null
    },
    {
      id: CommandIDs.notebook,
      label: trans.__('Show Data of the Notebook'),
      caption: trans.__('Show the data that is attached to the notebook'),
      icon: notebookIcon,
      run: ({ panel }) => {
        activate();
        panel.showSection('notebook');
      }
    },
    {
      id: CommandIDs.keepCopy,
      label: trans.__('Keep a Copy at…'),
      caption: trans.__('Have copies of the selected data kept at a site'),
      icon: keepIcon,
      run: ({ rules }, { expression }) =>
        rules.keepCopy(typeof expression === 'string' ? expression : undefined),
      isEnabled: hasRows
    },
    {
      id: CommandIDs.copyDid,
      label: trans.__('Copy DID'),
      caption: trans.__('Copy scope:name of the selected data'),
      icon: copyIcon,
      run: ({ actions }) => actions.copyDid(),
      isEnabled: hasRows
    },
    {
      id: CommandIDs.copyLink,
      label: trans.__('Copy Link'),
      caption: trans.__(
        'Copy a web address that opens the selected data in JupyterLab'
      ),
      icon: linkIcon,
      run: ({ actions }) => actions.copyLink(),
      isEnabled: ({ model }) => model.selectedRows().length === 1
    },
    {
      id: CommandIDs.copyPath,
      label: trans.__('Copy Path'),
      caption: trans.__('Copy the path of the data that is here'),
      icon: copyIcon,
      run: ({ actions }) => actions.copyPath(),
      isEnabled: isHere
    },
    {
      id: CommandIDs.showInFileBrowser,
      label: trans.__('Show in File Browser'),
      caption: trans.__('Show the data that is here in the file browser'),
      icon: folderIcon,
      run: ({ actions }) => actions.showInFileBrowser(),
      isEnabled: ({ model }) =>
        model
          .selectedRows()
          .some(
            row => typeof model.states.get(row.ref)?.contents_path === 'string'
          )
    },
    {
      id: CommandIDs.details,
      label: trans.__('Details'),
      caption: trans.__('Show metadata, checksums and replicas'),
      icon: infoIcon,
      run: ({ panel }) => panel.showDetails(),
      isEnabled: hasRows
    },
    {
      id: CommandIDs.activity,
      label: trans.__('Show Transfers'),
      caption: trans.__('Show current and finished transfers'),
      icon: getIcon,
      run: ({ panel }) => {
        activate();
        panel.showActivity();
      }
    }
  ];
}

/** The commands that need to be told which instance, or which DID. */
export function addCommandsWithArgs(
  app: JupyterFrontEnd,
  trans: TranslationBundle,
  activate: () => void,
  load: () => Promise<ILoadedLake>
): void {
  app.commands.addCommand(CommandIDs.useInstance, {
    label: trans.__('Use Another Data Lake'),
    caption: trans.__('Show the data lake with this name'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          name: {
            type: 'string',
            description: 'The name of the configured instance'
          }
        },
        required: ['name']
      }
    },
    execute: async args => {
      const { model } = await load();
      await model.useInstance(String(args.name));
    }
  });
  app.commands.addCommand(CommandIDs.openDid, {
    label: trans.__('Show in Data Lake'),
    caption: trans.__('Show a DID in the panel of the data lake'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          ref: { type: 'string', description: 'rucio:scope:name' },
          instance: {
            type: 'string',
            description: 'The name of the configured instance'
          }
        },
        required: ['ref']
      }
    },
    execute: async args => {
      const { actions } = await load();
      activate();
      const { ref, instance } = args;
      await actions.openDid({
        did: String(ref).replace(/^rucio:/, ''),
        instance: typeof instance === 'string' ? instance : undefined
      });
    }
  });
}
