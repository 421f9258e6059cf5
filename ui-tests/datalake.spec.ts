import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import { drag, expect, picture, test } from './product';
import type { Product } from './product';

/** By its shape: the word is a part of “elsewhere”. */
async function isHere(row: Locator): Promise<void> {
  const state = row.locator('.escape-Row-state');
  await expect(state).toHaveAttribute('data-shape', 'here');
}

/** A new notebook beside the panel, ready to run. */
async function notebook(product: Product): Promise<void> {
  await product.command('notebook:create-new', { kernelName: 'python3' });
  await product.kernel();
}

test('search, get, see it arrive, insert, run', async ({ product }) => {
  const { page } = product;
  await product.tree.getByRole('treeitem', { name: 'Scope demo' }).click();
  await product.find('fermi.light');
  const row = product.row('fermi.lightcurves');
  await expect(row).toContainText('elsewhere');

  await row.hover();
  await row.getByRole('button', { name: 'Get' }).click();
  // First, for it goes away by itself.
  await expect(page.getByText('fermi.lightcurves is here.')).toBeVisible();
  await isHere(row);
  await expect(product.transfers).toContainText('fermi.lightcurves');
  expect(product.has('data/demo/fermi.lightcurves')).toBe(true);

  await notebook(product);
  await row.hover();
  await row.getByRole('button', { name: 'Insert into notebook' }).click();
  const cell = page.locator('.jp-CodeCell').first();
  await expect(cell.locator('.cm-content')).toContainText(
    'lightcurves = escape_vre.get("demo:fermi.lightcurves")'
  );
  await product.command('notebook:run-cell');
  await expect(cell.locator('.jp-OutputArea')).toContainText(
    'fermi.lightcurves'
  );

  // Once more: no second import, no variable overwritten.
  await product.command('escape-vre:datalake-insert');
  const second = page.locator('.jp-CodeCell').nth(1);
  await expect(second.locator('.cm-content')).toHaveText(
    'lightcurves_2 = escape_vre.get("demo:fermi.lightcurves")'
  );

  await product.width(340);
  await picture(page, 'datalake');

  // Above it, with its own import: all of it runs from the top.
  await cell.click();
  await product.command('notebook:insert-cell-above');
  await product.command('escape-vre:datalake-insert');
  const running = product.command('notebook:restart-run-all');
  await page.getByRole('dialog').getByRole('button').last().click();
  await running;
  await product.kernel();
  const outputs = page.locator('.jp-CodeCell .jp-InputPrompt');
  await expect(outputs).toHaveText(['[1]:', '[2]:', '[3]:']);
  await expect(page.locator('.jp-Notebook')).not.toContainText('NameError');
});

test('the first minute: the notebook that the demo opens runs as it stands', async ({
  product
}) => {
  test.slow();
  const { page } = product;
  await product.command('docmanager:open', { path: 'Start here.ipynb' });
  await product.kernel();
  await product.command('notebook:run-all-cells');
  await expect(page.locator('.jp-OutputArea img').last()).toBeVisible({
    timeout: 120_000
  });
  await expect(page.locator('.jp-OutputArea').last()).toContainText(
    'user.demo:plots',
    { timeout: 120_000 }
  );
  await expect(page.locator('.jp-OutputArea').getByText('Error')).toHaveCount(
    0
  );
  await product.width(340);
  await product.find('user.demo:plots');
  await product.row('plots').click();
  await page.keyboard.press('ArrowRight');
  await expect(product.row('lightcurves.png')).toBeVisible();
  await product.find('demo:blazar');
  await product.row('blazar-2026').click();
  await page.keyboard.press('ArrowRight');
  await isHere(product.row('fermi.lightcurves'));
  await product.row('fermi.lightcurves').click();
  await expect(product.panel).toContainText('NORTH-USERDISK');
  await page.locator('.jp-OutputArea img').last().scrollIntoViewIfNeeded();
  await page.mouse.move(800, 780);
  await picture(page, 'first-minute');
});

test('only some files are fetched, to a folder of choice', async ({
  product
}) => {
  const { page } = product;
  await product.find('demo:fermi.lightcurves');
  const row = product.row('fermi.lightcurves');
  await row.hover();
  const how = row.getByRole('button', { name: 'Choose folder or files' });
  await how.click();
  await page.getByRole('menuitem', { name: 'Get Only Some Files…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('fermi.lc.1.*');
  await dialog.getByRole('button', { name: 'Get' }).click();
  await expect(row).toContainText('partly');
  await expect(row).toHaveAttribute('aria-label', /partly here: 1 of 5 files/);

  await row.hover();
  await how.click();
  await page.getByRole('menuitem', { name: 'Get to Folder…' }).click();
  await dialog.getByRole('button', { name: /^(Select|Open|OK)$/ }).click();
  await expect
    .poll(() => product.has('fermi.lightcurves'), { timeout: 20_000 })
    .toBe(true);
});

test('rows dragged into a notebook become code, onto files a transfer', async ({
  product
}) => {
  const { page } = product;
  await notebook(product);
  await product.find('demo:fermi.lightcurves');
  const row = product.row('fermi.lightcurves');
  await row.click();
  await drag(page, row, [page.locator('.jp-Notebook .jp-Cell').first()]);
  await expect(page.locator('.jp-Notebook')).toContainText(
    'lightcurves = escape_vre.get("demo:fermi.lightcurves")'
  );
  expect(product.has('data')).toBe(false);
  // Above the cell that imports, a second one brings its own import.
  await drag(page, row, [page.locator('.jp-Notebook .jp-Cell').first()]);
  const cells = page.locator('.jp-Notebook .jp-CodeCell');
  await expect(cells).toHaveCount(3);
  for (const cell of [cells.nth(0), cells.nth(1)]) {
    await expect(cell).toContainText('import escape_vre');
  }
  // And below it none.
  await drag(page, row, [cells.nth(2)]);
  await expect(cells).toHaveCount(4);
  await expect(cells.nth(2)).not.toContainText('import');

  // The file browser is behind the panel: resting on its tab brings it up.
  mkdirSync(join(product.root, 'plots'));
  const files = page.locator('#filebrowser');
  const folder = files.getByRole('listitem', { name: /^Name: plots/ });
  await drag(page, row, [
    page.locator('.jp-SideBar [data-id="filebrowser"]'),
    folder
  ]);
  await expect(page.getByText('fermi.lightcurves is here.')).toBeVisible();
  expect(product.has('plots/fermi.lightcurves')).toBe(true);
  await folder.dblclick();
  await expect(files).toContainText('fermi.lightcurves');

  // Onto the section of the notebook at hand: attached to it.
  await product.command('escape-vre:datalake-notebook');
  const section = product.panel.locator('.escape-Attached');
  await expect(section).toContainText('Attach 1 selected');
  await drag(page, row, [section]);
  await expect(section.getByRole('listitem')).toContainText('lightcurves');
});

test('the search goes from the beginning of names to their inside', async ({
  product
}) => {
  await product.find('demo:lightcurves');
  await expect(product.panel).toContainText(
    'Nothing in demo matches “lightcurves*”.'
  );
  await product.panel
    .getByRole('button', { name: 'Search inside names too' })
    .click();
  await expect(product.row('fermi.lightcurves')).toBeVisible();

  await product.panel.getByRole('radio', { name: 'files' }).click();
  await expect(product.panel).toContainText('No file in demo matches');
  await product.panel.getByRole('button', { name: 'Show all types' }).click();
  await expect(product.row('fermi.lightcurves')).toBeVisible();

  await product.search.fill('u');
  const options = product.panel.getByRole('listbox', { name: 'Scopes' });
  await expect(options.getByRole('option', { name: 'ui' })).toBeVisible();
  await product.search.press('ArrowDown');
  await product.search.press('Enter');
  await expect(product.search).toHaveValue(/^(ui|user\.demo):$/);
});

test('a reload comes back to what was listed', async ({ product }) => {
  const { page } = product;
  const files = product.panel.getByRole('radio', { name: 'files' });
  await product.find('demo:lofar.144MHz.2026-02');
  await files.click();
  await expect(product.row('lofar.144MHz.2026-02.fits')).toBeVisible();
  const saved = page.waitForResponse(
    answer =>
      answer.url().includes('/api/workspaces/') &&
      !!answer.request().postData()?.includes('2026-04')
  );
  await product.find('demo:lofar.144MHz.2026-04');
  await saved;

  await page.reload();
  await product.ready();
  await expect(product.row('lofar.144MHz.2026-04.fits')).toBeVisible();
  await expect(product.search).toHaveValue('demo:lofar.144MHz.2026-04');
  await expect(files).toBeChecked();
});

test('a link opens the DID that it was copied for, once', async ({
  product
}) => {
  const { page } = product;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await product.find('demo:fermi');
  await product.row('fermi.lightcurves').click();
  await product.command('escape-vre:datalake-copy-link');
  await expect(page.getByText('Copied a link that opens')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await product.find('ui:run.000000');
  await expect(product.row('run.000000.fits')).toBeVisible();

  await page.goto(link);
  const row = product.row('fermi.lightcurves');
  await expect(row).toHaveAttribute('aria-selected', 'true');
  await expect(product.panel).toContainText('NORTH-USERDISK');
  await expect(page).not.toHaveURL(/datalake=/);
  // A colleague whose lake has no such DID is told so.
  await page.goto(link.replace('lightcurves', 'lightcurve'));
  await expect(product.panel).toContainText(
    'Nothing in demo matches “fermi.lightcurve”.'
  );
});

test('a mistyped scope is answered with a sentence and a hint', async ({
  product
}) => {
  await product.find('dmeo:x');
  const alert = product.panel.getByRole('alert');
  await expect(alert).toContainText('There is no scope dmeo.');
  await alert.getByRole('button', { name: 'Did you mean demo?' }).click();
  await expect(product.search).toHaveValue('demo:x');
  await expect(product.panel).toContainText('Nothing in demo matches “x*”.');
});

test('a file that Lab has no viewer for offers to be inserted', async ({
  product
}) => {
  const { page } = product;
  await notebook(product);
  await product.find('demo:lofar.144MHz.2026-02.fits');
  const row = product.row('lofar.144MHz.2026-02.fits');
  await expect(row).toContainText('elsewhere');
  await row.dblclick();
  await isHere(row);
  await row.dblclick();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('lofar.144MHz.2026-02.fits');
  await dialog.getByRole('button', { name: 'Insert' }).click();
  await expect(page.locator('.jp-Notebook')).toContainText(
    'escape_vre.get("demo:lofar.144MHz.2026-02.fits")'
  );
});

test('ten thousand rows scroll, and say that there are more', async ({
  product
}) => {
  test.slow();
  const { keyboard } = product.page;
  await product.find('ui:');
  await expect(product.panel).toContainText('First 2,000 shown');
  // The limit does not hide the only dataset behind the files.
  await expect(product.tree.getByRole('treeitem').first()).toHaveAttribute(
    'aria-label',
    /^large, dataset/
  );
  await product.tree.focus();
  await keyboard.press('End');
  await expect(product.tree).toContainText('First 2,000 shown;');
  // A person's place stays where it is when more comes.
  await keyboard.press('ArrowUp');
  const isOnLast = () =>
    expect(product.tree).toHaveAttribute(
      'aria-activedescendant',
      /run\.001997/
    );
  await isOnLast();
  await product.tree.getByRole('button', { name: 'show more' }).click();
  await expect(product.panel).toContainText('First 10,000 shown', {
    timeout: 30_000
  });
  await expect(product.tree).toBeFocused();
  await isOnLast();
  await expect(product.row('run.001997.fits')).toBeInViewport();
  await keyboard.press('End');
  await keyboard.press('Enter');
  await expect(product.panel).toContainText('10,502 found', {
    timeout: 30_000
  });

  await setLimit(product, 20_000);
  await product.find('ui:run.');
  await expect(product.panel).toContainText('10,500 found', {
    timeout: 30_000
  });
  expect(await product.tree.getByRole('treeitem').count()).toBeLessThan(100);
  await product.tree.focus();
  await product.page.keyboard.press('End');
  await expect(product.row('run.010499.fits')).toContainText('10.5 kB');
  await expect(product.row('run.010499.fits')).toContainText('elsewhere');
  await setLimit(product, 2000);
});

async function setLimit(product: Product, rowLimit: number): Promise<void> {
  const url = product.page.url().replace(/lab.*/, '');
  const answer = await product.page.request.put(
    `${url}lab/api/settings/escape-vre:datalake`,
    {
      data: { raw: JSON.stringify({ rowLimit }) },
      headers: { 'X-XSRFToken': await xsrf(product) }
    }
  );
  expect(answer.ok()).toBe(true);
  await product.open();
}

async function xsrf(product: Product): Promise<string> {
  const cookies = await product.page.context().cookies();
  return cookies.find(cookie => cookie.name === '_xsrf')?.value ?? '';
}

test('the headings sort, and say so', async ({ product }) => {
  const { panel, tree } = product;
  const heading = (name: string) => panel.getByRole('button', { name });
  const first = tree.getByRole('treeitem').first();
  await product.find('demo:lofar');
  await panel.getByRole('radio', { name: 'files' }).click();
  await expect(product.row('lofar.144MHz.2026-02.fits')).toBeVisible();
  await expect(heading('Sort by name')).toHaveAttribute('aria-pressed', 'true');
  await expect(first).toHaveAttribute('aria-label', /2026-02/);
  await heading('Sort by name').click();
  await expect(first).toHaveAttribute('aria-label', /2026-(?!02)/);
  await product.row('lofar.144MHz.2026-02.fits').click();
  await product.command('escape-vre:datalake-get');
  await isHere(product.row('lofar.144MHz.2026-02.fits'));
  await heading('Sort by state').click();
  await expect(first).toHaveAttribute('aria-label', /2026-02.*here/);
  await heading('Sort by size').click();
  await expect(heading('Sort by size')).toHaveAttribute('aria-pressed', 'true');
  await expect(product.row('lofar.144MHz.2026-02.fits')).toHaveAttribute(
    'aria-selected',
    'true'
  );
});

test('rows that made no sense are counted at the end', async ({ product }) => {
  const row = (name: string) =>
    JSON.stringify({ ref: `rucio:demo:${name}`, name, type: 'file' });
  await product.page.route('**/escape-vre/datalake/dids?**', route =>
    route.fulfill({
      contentType: 'application/x-ndjson',
      body: `${row('run10')}\n${row('run9')}\n{"end": {"count": 2, "truncated": false, "skipped": 3}}\n`
    })
  );
  await product.find('demo:run');
  const rows = product.tree.getByRole('treeitem');
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(0)).toContainText('run9');
  await expect(rows.nth(1)).toContainText('run10');
  await expect(rows.nth(2)).toContainText('3 invalid rows skipped');
});

test('a selected row stays in sight when Details open below it', async ({
  product
}) => {
  await product.find('ui:run');
  const row = product.row('run.000018.fits');
  await row.click();
  await expect(product.panel).toContainText('Replicas');
  await expect(row).toBeInViewport({ ratio: 1 });
});
