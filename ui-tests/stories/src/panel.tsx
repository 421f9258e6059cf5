/** A panel of a service that is not there: its answers are the test's. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { fileIcon, folderIcon } from '@jupyterlab/ui-components';
import { kit } from 'escape-vre';
import type {
  IAgent,
  IJobs,
  ILoaded,
  Intent,
  IPanelLook,
  IPanelModelOptions,
  IQuestion
} from 'escape-vre';
import * as React from 'react';
import { CommandIDs } from './commandids';

const {
  Activity,
  DetailsSection,
  FactList,
  Figure,
  formatBytes,
  Panel,
  PanelModel
} = await kit();

interface IBook {
  readonly ref: string;
  readonly name: string;
  readonly bytes: number;
  readonly chapters: number;
}

interface IQuery {
  readonly text: string;
}

interface IAbout {
  readonly author: string;
}

class Shelf extends PanelModel<IBook, IQuery> {
  constructor(options: IPanelModelOptions) {
    super({
      ...options,
      service: 'books',
      rules: { isExpandable: row => row.chapters > 0 }
    });
    this.outline.setKeys([
      { id: 'size', value: row => row.bytes, isLargestFirst: true }
    ]);
  }

  readonly details = this.addDetails<{ about: IAbout }>({
    about: (ref, signal) =>
      this.agent.request('GET', 'books/about', { query: { ref }, signal })
  });

  protected question(row: IBook | null): IQuestion {
    return row
      ? { path: 'books/chapters', query: { ref: row.ref } }
      : { path: 'books/search', query: { text: this.query?.text } };
  }

  protected understand(text: string): Intent<IQuery> {
    return { kind: 'search', query: { text: text.trim() } };
  }

  protected textOf({ text }: IQuery): string {
    return text;
  }

  protected initial(): IQuery {
    return { text: '' };
  }
}

function lookOf(model: Shelf, jobs: IJobs): IPanelLook<IBook> {
  return {
    id: 'escape-books',
    words: {
      service: 'Library',
      who: 'the library',
      search: 'Search the library',
      searchHint: 'Type the beginning of a title and press Enter.',
      unconfigured: 'No library is configured.'
    },
    commands: { ...CommandIDs, menu: [CommandIDs.search, CommandIDs.refresh] },
    list: {
      id: 'escape-books-tree',
      label: () => 'Books',
      headings: () => [
        { id: 'name', label: 'Title', title: 'Sort by title' },
        { id: 'size', label: 'Size', title: 'Sort by size' }
      ],
      look: row => ({
        icon: row.chapters > 0 ? folderIcon : fileIcon,
        label: `${row.name}, ${formatBytes(row.bytes)}`,
        title: row.name,
        className: 'escape-BookRow',
        cells: <Figure text={formatBytes(row.bytes)} />
      }),
      signals: [jobs.changed],
      onOpen: () =>
        model.outline.selection.nodes.forEach(node =>
          model.outline.toggle(node)
        )
    },
    placeholder: () => 'Title',
    nothing: () => ({ sentence: 'No book has such a title.' })
  };
}

export function makePanel(options: {
  app: JupyterFrontEnd;
  agent: IAgent;
  jobs: IJobs;
}): ILoaded & { model: Shelf; panel: InstanceType<typeof Panel<IBook>> } {
  const { app, agent, jobs } = options;
  const { commands } = app;
  const trans = nullTranslator.load('');
  const model = new Shelf({ agent, jobs, trans });
  const panel = new Panel<IBook>({
    model,
    look: lookOf(model, jobs),
    jobs,
    commands,
    translator: nullTranslator,
    details: new DetailsSection({
      model,
      details: model.details,
      needed: ['about'],
      none: 'Select a book.',
      several: count => `${count} books are selected.`,
      trans,
      draw: () => {
        const about = model.details.get('about');
        return <FactList facts={[['Author', about?.author ?? null]]} />;
      }
    }),
    activity: new Activity({
      jobs,
      service: model.service,
      title: 'Loans',
      nothing: 'No book is on its way.',
      commands,
      trans
    }),
    menuClosing: app.contextMenu.menu.aboutToClose
  });
  panel.disposed.connect(() => model.dispose(), model);
  void model.start();
  return { model, panel };
}
