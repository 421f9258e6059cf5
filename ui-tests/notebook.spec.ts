import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Locator } from '@playwright/test';
import { demo } from './demo';
import { expect, picture, test } from './product';
import type { Product } from './product';

/** A new notebook with these cells and this metadata, open and ready to run. */
async function open(
  product: Product,
  name: string,
  options: { cells?: string[]; metadata?: object } = {}
): Promise<void> {
  const cells = (options.cells ?? ['']).map((source, index) => ({
    cell_type: 'code',
    id: `cell-${index}`,
    source,
    metadata: {},
    outputs: [],
    execution_count: null
  }));
  const kernelspec = { name: 'python3', display_name: 'Python 3' };
  const metadata = { kernelspec, ...options.metadata };
  const content = { cells, metadata, nbformat: 4, nbformat_minor: 5 };
  writeFileSync(join(product.root, name), JSON.stringify(content));
  await product.command('docmanager:open', { path: name });
  await product.kernel();
}

/** A kernel that says that it speaks a language, and does nothing. */
function mute(name: string, language: string): void {
  const folder = join(demo().home, 'data', 'kernels', name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'kernel.py');
  writeFileSync(
    file,
    `from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Mute(Kernel):
    implementation = "mute"
    implementation_version = "1"
    banner = ""
    language_info = {"name": "${language}", "mimetype": "text/plain", "file_extension": ""}

    def do_execute(self, code, silent, *args, **kwargs):
        return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Mute)
`
  );
  const [program] = (process.env.ESCAPE_VRE_DEMO_COMMAND ?? '').split(' ');
  const argv = [join(dirname(program), 'python'), file, '-f'];
  const spec = { argv: [...argv, '{connection_file}'], display_name: language };
  writeFileSync(
    join(folder, 'kernel.json'),
    JSON.stringify({ ...spec, language })
  );
}

function item(product: Product, variable: string): Locator {
  return product.panel.locator(
    `.escape-Attached-item[data-variable="${variable}"]`
  );
}

async function restartAndRunAll(product: Product): Promise<void> {
  const running = product.command('notebook:restart-run-all');
  await product.page.getByRole('dialog').getByRole('button').last().click();
  await running;
}

function output(product: Product, cell = 0): Locator {
  return product.page
    .locator('.jp-Notebook:visible .jp-CodeCell')
    .nth(cell)
    .locator('.jp-OutputArea');
}

test('attached data is a variable, at once and whenever the kernel starts', async ({
  product
}) => {
  const { page } = product;
  await open(product, 'attach.ipynb', { cells: ['len(lightcurves)'] });
  await product.find('demo:fermi.lightcurves');
  const row = product.row('fermi.lightcurves');
  await row.click();
  await product.command('escape-vre:datalake-attach');
  // The name is used in a cell already, so it is nobody's but the person's.
  const two = item(product, 'lightcurves_2');
  await expect(two).toHaveAttribute('data-shape', 'here');
  await two.hover();
  await two.getByRole('button', { name: 'Rename variable' }).click();
  const field = two.getByRole('textbox', { name: 'Name of the variable' });
  await field.fill('class');
  await expect(two.getByRole('alert')).toContainText(
    'class is a word of Python'
  );
  await field.fill('lightcurves');
  await field.press('Enter');
  const one = item(product, 'lightcurves');
  await expect(one).toHaveAttribute('data-shape', 'here');
  expect(product.has('data/demo/fermi.lightcurves')).toBe(true);

  await restartAndRunAll(product);
  await expect(output(product)).toContainText('5');
  const chip = page.locator('.escape-DataChip-button');
  await expect(chip).toHaveAccessibleName(
    'Data of this notebook: 1 attached, 1 here'
  );
  await product.width(340);
  await picture(page, 'notebook-data');
  await product.command('docmanager:save');

  // After a reload the kernel is another one's, with the variable there.
  await product.command('filebrowser:activate');
  await page.reload();
  await product.ready();
  await expect(chip).toBeVisible();
  await chip.click();
  await expect(one).toHaveAttribute('data-shape', 'here');
});

test('a name that is in use is kept, until the person says otherwise', async ({
  product
}) => {
  const attachments = [
    { variable: 'photons', ref: 'rucio:demo:fermi.photons' }
  ];
  await open(product, 'conflict.ipynb', {
    cells: ['photons = 7', 'type(photons).__name__'],
    metadata: { escape_vre: { attachments } }
  });
  const photons = item(product, 'photons');
  await product.command('escape-vre:datalake-notebook');
  await expect(photons).toHaveAttribute('data-shape', 'here');
  await product.command('notebook:run-all-cells');
  await expect(output(product, 1)).toContainText('int');
  // Reattached, as after a reload of the page.
  await photons.hover();
  await photons.getByRole('button', { name: 'Detach: photons' }).click();
  await expect(photons).toHaveCount(0);
  await product.page.getByRole('button', { name: 'Undo' }).click();
  await expect(photons).toContainText(
    'photons has another value in this kernel (int), which was kept.'
  );
  await expect(photons).toHaveAttribute('data-shape', 'problem');
  const chip = product.page.locator('.escape-DataChip-button');
  await expect(chip).toContainText('1 problem');
  await photons.getByRole('button', { name: 'Overwrite: photons' }).click();
  await expect(photons).toHaveAttribute('data-shape', 'here');
  await product.command('notebook:run-cell');
  await product.page.locator('.jp-CodeCell:visible').nth(1).click();
  await product.command('notebook:run-cell');
  await expect(output(product, 1)).toContainText('Files');
});

test('a notebook of rucio-jupyterlab works as it is', async ({ product }) => {
  const peer = [
    { did: 'demo:fermi.photons.fits', type: 'file', variableName: 'photons' },
    { did: 'demo:fermi.lightcurves', type: 'collection', variableName: 'lc' }
  ];
  await open(product, 'peer.ipynb', {
    cells: [
      [
        'import os',
        'print(open(photons, "rb").read(6), photons.path == photons)',
        'print(sorted(map(os.path.basename, lc))[0], lc[0].did_available)'
      ].join('\n')
    ],
    metadata: { rucio_attachments: peer }
  });
  await product.command('escape-vre:datalake-notebook');
  for (const variable of ['photons', 'lc']) {
    await expect(item(product, variable)).toHaveAttribute('data-shape', 'here');
  }
  await product.command('notebook:run-all-cells');
  await expect(output(product)).toContainText("b'SIMPLE' True");
  await expect(output(product)).toContainText('fermi.lc.1.100-300MeV.csv True');
  // What is changed is changed where it stands: the peer sees the same.
  await item(product, 'lc').hover();
  await item(product, 'lc').getByRole('button', { name: 'Detach: lc' }).click();
  await product.command('docmanager:save');
  const saved = () =>
    JSON.parse(readFileSync(join(product.root, 'peer.ipynb'), 'utf8')) as {
      metadata: Record<string, unknown>;
    };
  await expect
    .poll(() => saved().metadata.rucio_attachments)
    .toEqual(peer.slice(0, 1));
  expect(saved().metadata.escape_vre).toBeUndefined();
});

test('a kernel without our package gets paths', async ({ product }) => {
  await open(product, 'plain.ipynb', {
    cells: [
      'import sys\nsys.modules["escape_vre.services.datalake.notebook.api"] = None\nphotons = 7',
      'print(photons, type(data).__name__, data[0].name)'
    ]
  });
  await product.command('notebook:run-cell');
  await expect(output(product)).toBeAttached();
  await product.find('demo:fermi.photons');
  await product.row('fermi.photons.fits').click();
  await product.command('escape-vre:datalake-attach');
  await expect(item(product, 'fermi')).toHaveAttribute('data-shape', 'here');
  const rename = 'escape-vre:notebook-data-rename';
  await product.command(rename, { variable: 'fermi', name: 'photons' });
  const photons = item(product, 'photons');
  await expect(photons).toContainText('another value in this kernel (int)');
  await product.command(rename, { variable: 'photons', name: 'data' });
  await expect(item(product, 'data')).toHaveAttribute('data-shape', 'here');
  await product.page.locator('.jp-CodeCell:visible').nth(1).click();
  await product.command('notebook:run-cell');
  await expect(output(product, 1)).toContainText('7 list fermi.photons.fits');
});

test('a kernel of another language gets a cell with paths', async ({
  product
}) => {
  mute('ui-r', 'R');
  await product.open();
  const attachments = [
    { variable: 'photons', ref: 'rucio:demo:fermi.photons.fits' }
  ];
  await open(product, 'other.ipynb', {
    metadata: {
      kernelspec: { name: 'ui-r', display_name: 'R' },
      escape_vre: { attachments }
    }
  });
  await product.command('escape-vre:datalake-notebook');
  const photons = item(product, 'photons');
  await expect(photons).toHaveAttribute('data-shape', 'here');
  await photons.getByRole('button', { name: 'Insert paths: photons' }).click();
  const lines = product.page.locator('.jp-CodeCell:visible .cm-line');
  await expect(lines).toHaveText([
    '# demo:fermi.photons.fits',
    'photons <- c(',
    `  "${product.root}/data/demo/fermi.photons.fits"`,
    ')'
  ]);
});

test('at 250 px all of it is there, in light and dark', async ({ product }) => {
  const { page, panel } = product;
  await product.width(250);
  await product.command('escape-vre:datalake-notebook');
  await expect(panel).toContainText('No notebook is open.');
  const attachments = [
    { variable: 'lightcurves', ref: 'rucio:demo:fermi.lightcurves' },
    { variable: 'nothing', ref: 'rucio:demo:nothing.of.this.name' },
    { variable: 'get_ipython', ref: 'rucio:demo:fermi.photons.fits' }
  ];
  const metadata = { escape_vre: { attachments } };
  await open(product, 'narrow.ipynb', { metadata });
  const here = item(product, 'lightcurves');
  const nothing = item(product, 'nothing');
  await expect(here).toHaveAttribute('data-shape', 'here');
  await expect(nothing).toContainText('no longer in the catalogue');
  await expect(item(product, 'get_ipython')).toContainText('which was kept');
  const box = await panel.boundingBox();
  for (const one of [here, nothing]) {
    const shape = await one.locator('.escape-Shape').boundingBox();
    expect((shape?.x ?? 0) + (shape?.width ?? 0)).toBeLessThanOrEqual(
      (box?.x ?? 0) + (box?.width ?? 0)
    );
  }
  await here.hover();
  for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
    await product.command('apputils:change-theme', { theme });
    const found = await new AxeBuilder({ page })
      .include('#escape-vre-datalake')
      .include('.escape-DataChip')
      .analyze();
    expect(
      found.violations.map(one => [one.id, one.nodes.map(node => node.html)])
    ).toEqual([]);
  }
});
