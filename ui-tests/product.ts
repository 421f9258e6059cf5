import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test as base } from '@playwright/test';
import type { Locator, Page } from '@playwright/test';
import { START_MS, demo, start } from './demo';

interface ILabWindow extends Window {
  jupyterapp?: {
    commands: {
      execute(id: string, args?: object): Promise<unknown>;
      hasCommand(id: string): boolean;
    };
    restored: Promise<void>;
    shell: {
      currentWidget: {
        sessionContext?: {
          ready: Promise<void>;
          session: { kernel: { info: Promise<unknown> } | null } | null;
        };
      } | null;
    };
  };
}

/** The product as a person sees it: JupyterLab with the data lake shown. */
export class Product {
  constructor(readonly page: Page) {}

  readonly root = demo().contents_root;

  get panel(): Locator {
    return this.page.locator('#escape-vre-datalake');
  }

  get tree(): Locator {
    return this.panel.getByRole('tree');
  }

  get search(): Locator {
    return this.panel.getByRole('combobox', { name: 'Search the data lake' });
  }

  get transfers(): Locator {
    return this.panel.getByRole('list', { name: 'Transfers' });
  }

  /** A row by the beginning of its name, which its type follows. */
  row(name: string): Locator {
    const begin = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return this.tree.getByRole('treeitem', { name: new RegExp(`^${begin},`) });
  }

  async open(options: { theme?: string } = {}): Promise<void> {
    const { url, token } = demo();
    await this.page.goto(`${url}lab?reset&token=${token}`);
    await this.ready();
    await this.command('apputils:change-theme', {
      theme: options.theme ?? 'JupyterLab Light'
    });
    await this.command('escape-vre:datalake-open');
    await this.panel.waitFor();
  }

  async ready(): Promise<void> {
    await this.page.waitForFunction(() =>
      (window as ILabWindow).jupyterapp?.commands.hasCommand(
        'escape-vre:datalake-open'
      )
    );
    await this.page.evaluate(() => (window as ILabWindow).jupyterapp?.restored);
    // The launcher takes the focus some time after that, from whoever has it.
    await this.page
      .waitForFunction(
        () =>
          document
            .querySelector('#jp-main-dock-panel')
            ?.contains(document.activeElement),
        undefined,
        { timeout: 15_000 }
      )
      .catch(() => undefined);
  }

  async command(id: string, args: object = {}): Promise<void> {
    await this.page.evaluate(
      async ([name, given]) => {
        await (window as ILabWindow).jupyterapp?.commands.execute(name, given);
      },
      [id, args] as const
    );
  }

  /**
   * Wait for the kernel of the notebook at hand.
   *
   * Its indicator says idle before there is a kernel, and a cell that is run
   * then makes Lab ask which one.
   */
  async kernel(): Promise<void> {
    await this.page.waitForFunction(async () => {
      const widget = (window as ILabWindow).jupyterapp?.shell.currentWidget;
      await widget?.sessionContext?.ready;
      const kernel = widget?.sessionContext?.session?.kernel;
      await kernel?.info;
      return Boolean(kernel);
    });
  }

  /** List what a text means, as typing and Enter do. */
  async find(text: string): Promise<void> {
    await this.search.fill(text);
    await this.search.press('Enter');
  }

  /** Drag the edge of the side bar until the panel is this wide. */
  async width(pixels: number): Promise<void> {
    const { mouse } = this.page;
    const panel = await this.panel.boundingBox();
    const handle = await this.page
      .locator('#jp-main-split-panel > .lm-SplitPanel-handle')
      .first()
      .boundingBox();
    if (panel && handle) {
      const y = panel.y + panel.height / 2;
      await mouse.move(handle.x + handle.width / 2, y);
      await mouse.down();
      await mouse.move(panel.x + pixels, y, { steps: 4 });
      await mouse.up();
    }
  }

  /** Take away what earlier tests fetched. */
  async forgetData(): Promise<void> {
    for (const name of readdirSync(this.root)) {
      if (!name.startsWith('.') && !name.endsWith('.ipynb')) {
        rmSync(join(this.root, name), { recursive: true, force: true });
      }
    }
    await this.forgetJobs();
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  private async forgetJobs(): Promise<void> {
    const { url, token } = demo();
    const headers = { Authorization: `token ${token}` };
    const answer = await fetch(`${url}escape-vre/jobs`, { headers });
    const { jobs } = (await answer.json()) as {
      jobs: { id: string; state: string }[];
    };
    for (const { id, state } of jobs) {
      if (['queued', 'running'].includes(state)) {
        await fetch(`${url}escape-vre/jobs/${id}/cancel`, {
          method: 'POST',
          headers
        });
      }
      await fetch(`${url}escape-vre/jobs/${id}`, { method: 'DELETE', headers });
    }
  }
}

/** Pictures for the documentation are taken on request only. */
const IMAGES = process.env.UPDATE_SCREENSHOTS ? 'docs/images' : null;

/** Press on something, and go over each place once it is there; does not let go. */
export async function dragOver(
  page: Page,
  from: Locator,
  over: Locator[]
): Promise<void> {
  await from.hover();
  await page.mouse.down();
  await page.mouse.move(400, 300, { steps: 3 });
  for (const place of over) {
    await expect(place).toBeVisible();
    const box = await place.boundingBox();
    await page.mouse.move(
      (box?.x ?? 0) + (box?.width ?? 0) / 2,
      (box?.y ?? 0) + (box?.height ?? 0) / 2,
      { steps: 5 }
    );
  }
}

/** Drag something over each place, and let go on the last. */
export async function drag(
  page: Page,
  from: Locator,
  over: Locator[]
): Promise<void> {
  await dragOver(page, from, over);
  await page.mouse.up();
}

export async function picture(page: Page, name: string): Promise<void> {
  if (IMAGES) {
    await page.screenshot({ path: `${IMAGES}/${name}.png` });
  }
}

/** Fill the lake, or ask for the pids of its processes. */
export function lake(action: 'seed' | 'pids'): Record<string, number> {
  const [program] = (process.env.ESCAPE_VRE_DEMO_COMMAND ?? '').split(' ');
  const python = join(dirname(program), 'python');
  const script = join(__dirname, 'lake.py');
  const said = execFileSync(python, [script, demo().home, action], {
    encoding: 'utf8'
  });
  return JSON.parse(said) as Record<string, number>;
}

export const test = base.extend<{ product: Product }, { seeded: void }>({
  seeded: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const stop = await start();
      try {
        lake('seed');
        await use();
      } finally {
        await stop();
      }
    },
    { scope: 'worker', auto: true, timeout: START_MS + 180_000 }
  ],
  product: async ({ page }, use) => {
    const product = new Product(page);
    await product.forgetData();
    await product.open();
    await use(product);
  }
});

export { expect };
