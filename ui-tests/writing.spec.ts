/** What is written to the data lake: files that are put, rules, collections. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { dragOver, expect, test } from './product';
import type { Product } from './product';

const NORTH = 'NORTH-USERDISK';

/** Names that no other test has, nor an earlier try of this one. */
let count = 0;
function fresh(name: string): string {
  count += 1;
  return `${name}.${Date.now().toString(36)}.${count}`;
}

/** A folder of the workspace with files in it, whose names begin with its own. */
function folder(product: Product, files: Record<string, string>): string {
  const name = fresh('run');
  mkdirSync(join(product.root, name));
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(product.root, name, `${name}.${file}`), content);
  }
  return name;
}

/** An item of the file browser. */
function item(page: Page, name: string): Locator {
  const text = name.replaceAll('.', '\\.');
  return page
    .locator('#filebrowser')
    .getByRole('listitem', { name: new RegExp(`^Name: ${text}`) });
}

/** Look at a dialog with axe, in light and in dark. */
async function axe(product: Product): Promise<void> {
  const { page } = product;
  for (const theme of ['JupyterLab Dark', 'JupyterLab Light']) {
    await product.command('apputils:change-theme', { theme });
    const found = await new AxeBuilder({ page })
      .include('.jp-Dialog')
      .analyze();
    expect(
      found.violations.map(one => [one.id, one.nodes.map(node => node.html)])
    ).toEqual([]);
  }
}

test('a folder is put, opened, kept at another site; its rules change', async ({
  product
}) => {
  test.slow();
  const { page } = product;
  const name = folder(product, { 'a.txt': 'one', 'b.txt': 'two' });
  await product.command('filebrowser:activate');
  await product.command('filebrowser:refresh');
  await item(page, name).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Put into Data Lake…' }).click();

  const dialog = page.getByRole('dialog');
  const button = (label: string) =>
    dialog.getByRole('button', { name: label, exact: true });
  const outcome = dialog.locator('.escape-Outcome');
  await expect(dialog.getByRole('combobox', { name: 'Scope' })).toBeFocused();
  // The RSE that the data lake would choose is chosen already.
  await expect(dialog.getByRole('radio', { name: NORTH })).toBeChecked();
  await expect(outcome).toContainText(`2 files, 6 B, are sent to ${NORTH}.`);
  await expect(outcome).toContainText(`The new dataset user.demo:${name}`);
  await axe(product);
  await button('Put').click();
  await expect(dialog).toBeHidden();

  // What has come of it opens from the notification.
  await expect(page.getByText(`${name} is in the data lake.`)).toBeVisible();
  await page.getByRole('button', { name: 'Open', exact: true }).last().click();
  await expect(product.row(name)).toHaveAttribute('aria-selected', 'true');
  await expect(product.transfers).toContainText(name);
  const rules = product.panel.getByRole('list', { name: 'Rules' });
  await expect(rules).toContainText(`1 copy at ${NORTH}`);

  // A typo is pointed at, a completion taken with the keyboard.
  await product.panel.getByRole('button', { name: 'Keep a copy at…' }).click();
  const where = dialog.getByRole('combobox', { name: 'Where' });
  await where.fill('SOTH-USERDISK');
  await expect(dialog).toContainText('SOUTH-USERDISK');
  await expect(button('Keep')).toBeDisabled();
  await where.fill('SOU');
  await expect(dialog.getByRole('option', { name: /^SOUTH/ })).toBeVisible();
  await where.press('ArrowDown');
  await where.press('Enter');
  await expect(where).toHaveValue('SOUTH-USERDISK');
  await expect(outcome).toContainText('One RSE matches.');
  await dialog.getByRole('combobox', { name: 'Until' }).selectOption('30');
  await expect(outcome).toContainText('The rule ends on ');
  await axe(product);
  await button('Keep').click();
  const south = rules.getByRole('listitem').filter({ hasText: 'SOUTH' });
  await expect(south).toContainText('1 copy at SOUTH-USERDISK');
  await expect(south).toContainText('complete', { timeout: 120_000 });

  await expect(south).toContainText('until ');

  // Rucio's own policy leaves this to administrators: the dialog says so.
  await south.getByRole('button', { name: /^Change until when/ }).click();
  await dialog.getByRole('combobox', { name: /^1 copy/ }).selectOption('7');
  await button('Change').click();
  await expect(dialog).toContainText('does not allow this');
  await axe(product);
  await button('Cancel').click();

  // Asks once; Enter alone deletes nothing.
  await south.getByRole('button', { name: /^Delete/ }).click();
  await expect(button('Delete')).toBeEnabled();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(south).toBeVisible();
  await south.getByRole('button', { name: /^Delete/ }).click();
  await axe(product);
  await button('Delete').click();
  await expect(dialog).toContainText('does not allow this');
  await button('Cancel').click();
  await expect(south).toBeVisible();
});

test('what cannot be put is said first, in its place', async ({ product }) => {
  const { page } = product;
  const name = folder(product, { 'a.txt': 'one', 'b c?.txt': 'two' });
  await product.command('filebrowser:activate');
  await product.command('filebrowser:refresh');
  await item(page, name).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Put into Data Lake…' }).click();
  const dialog = page.getByRole('dialog', { name: `Put ${name}` });
  const put = dialog.getByRole('button', { name: 'Put' });
  const outcome = dialog.locator('.escape-Outcome');
  await dialog.getByRole('radio', { name: NORTH }).check();
  const problem = outcome.getByText('One file cannot be put.');
  await problem.click();
  await expect(outcome).toContainText('b c?.txt');
  await expect(put).toBeDisabled();

  // Enter in the form does what the button does: nothing now.
  const scope = dialog.getByRole('combobox', { name: 'Scope' });
  await scope.fill('root');
  await scope.press('Enter');
  await expect(dialog).toContainText('The scope root is not yours.');
  // Escape closes the list of completions first, then the dialog.
  await scope.fill('user');
  await expect(dialog.getByRole('option').first()).toBeVisible();
  await scope.press('Escape');
  await expect(dialog.getByRole('option').first()).toBeHidden();
  await scope.press('Escape');
  await expect(dialog).toBeHidden();
});

test('files are dragged onto a dataset: from the file browser, and from the desktop', async ({
  product
}) => {
  const { page } = product;
  const first = folder(product, { 'a.txt': 'one' });
  const desktop = mkdtempSync(join(tmpdir(), 'escape-vre-desktop-'));
  const photos = fresh('photos');
  mkdirSync(join(desktop, photos));
  writeFileSync(join(desktop, photos, `${photos}.txt`), 'a'.repeat(1_500_000));
  const dialog = page.getByRole('dialog', { name: /^Put/ });
  const put = dialog.getByRole('button', { name: 'Put' });

  // Onto the panel, which is behind the file browser: its tab brings it up.
  await product.find('user.demo:');
  await product.command('filebrowser:activate');
  await product.command('filebrowser:refresh');
  await dragOver(page, item(page, first), [
    page.locator('.jp-SideBar [data-id="escape-vre-datalake"]'),
    product.panel
  ]);
  const inside = product.panel.locator('.escape-Panel');
  await expect(inside).toHaveClass(/escape-mod-drop/);
  await page.mouse.up();
  await expect(dialog.getByRole('combobox', { name: 'Scope' })).toHaveValue(
    'user.demo'
  );
  await dialog.getByRole('radio', { name: NORTH }).check();
  await put.click();
  await expect(product.row(first)).toBeVisible();

  // From the desktop onto the dataset.
  const row = product.row(first);
  const box = await row.boundingBox();
  const cdp = await page.context().newCDPSession(page);
  const place = { x: (box?.x ?? 0) + 80, y: (box?.y ?? 0) + 12 };
  const data = {
    items: [],
    files: [join(desktop, photos)],
    dragOperationsMask: 1
  };
  for (const type of ['dragEnter', 'dragOver'] as const) {
    await cdp.send('Input.dispatchDragEvent', { type, ...place, data });
  }
  await expect(row).toHaveClass(/escape-mod-target/);
  await cdp.send('Input.dispatchDragEvent', { type: 'drop', ...place, data });
  await expect(dialog.getByRole('combobox', { name: 'Dataset' })).toHaveValue(
    first
  );
  await expect(row).not.toHaveClass(/escape-mod-target/);
  await dialog.getByRole('radio', { name: NORTH }).check();
  await expect(dialog).toContainText('They are added to the dataset');
  await put.click();
  await expect(page.getByText(/photos.* is in the data lake\./)).toBeVisible();
  await row.click();
  await page.keyboard.press('ArrowRight');
  await expect(product.row(`${photos}.txt`).first()).toContainText('1.5 MB');
  rmSync(desktop, { recursive: true });
});

test('a dataset is made with a file in it, described, closed, almost erased', async ({
  product
}) => {
  test.slow();
  const { page, panel } = product;
  const name = fresh('survey');
  const dialog = page.getByRole('dialog');
  const button = (label: string) =>
    dialog.getByRole('button', { name: label, exact: true });
  const choose = async (row: Locator, label: string | RegExp) => {
    await row.click({ button: 'right' });
    await page.getByRole('menuitem', { name: label }).click();
  };

  // The scope at hand is filled in.
  await product.find('demo:fermi.lightcurves');
  await product.row('fermi.lightcurves').click();
  await page.keyboard.press('ArrowRight');
  const file = product.tree.locator('[data-type="file"]').first();
  const fileName = (await file.getAttribute('data-ref'))?.split(':')[2] ?? '';
  await choose(file, 'New Dataset…');
  await expect(dialog.getByRole('combobox', { name: 'Scope' })).toHaveValue(
    'demo'
  );
  await dialog.getByRole('combobox', { name: 'Scope' }).fill('user.demo');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await expect(
    dialog.getByRole('checkbox', { name: `Attach ${fileName}` })
  ).toBeChecked();
  await axe(product);
  await button('Create').click();
  await expect(dialog).toBeHidden();
  await expect(file).toHaveAttribute('aria-selected', 'true');

  // The same name is refused where it was typed.
  await choose(file, 'New Dataset…');
  await dialog.getByRole('combobox', { name: 'Scope' }).fill('user.demo');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await button('Create').click();
  await expect(dialog).toContainText('is there already');
  await button('Cancel').click();

  // Nobody attaches to a scope of others.
  await choose(file, 'Attach to Dataset…');
  await dialog.getByRole('combobox', { name: 'Scope' }).fill('root');
  await expect(dialog).toContainText('The scope root is not yours.');
  await axe(product);
  await button('Cancel').click();

  await product.find(`user.demo:${name}`);
  const row = product.row(name);
  await row.click();
  await expect(row).toHaveAttribute('aria-selected', 'true');
  await panel.getByRole('button', { name: 'Edit metadata…' }).click();
  await dialog.getByLabel('Key 2').fill('a.b');
  await expect(dialog).toContainText('has a dot or a slash');
  await dialog.getByLabel('Key 2').fill('instrument');
  await dialog.getByLabel('Value 2').fill('LAT');
  await axe(product);
  await button('Save').click();
  await expect(dialog).toBeHidden();
  const details = panel.locator('.escape-Details');
  await expect(details).toContainText('instrument');
  await expect(row).toHaveAttribute('aria-selected', 'true');

  await row.click();
  await page.keyboard.press('ArrowRight');
  await choose(file, `Detach from ${name}…`);
  await expect(dialog).toContainText(`no longer in user.demo:${name}.`);
  await axe(product);
  await expect(button('Cancel')).toBeFocused();
  await button('Cancel').click();

  await choose(row, 'Close Collection…');
  await axe(product);
  await button('Close').click();
  await expect(dialog).toBeHidden();
  await expect(details).toContainText('closed');

  // Says what goes; Enter alone erases nothing.
  await choose(row, 'Erase…');
  await expect(dialog).toContainText(
    `This erases the dataset user.demo:${name}.`
  );
  await expect(dialog).toContainText('It is erased after a day.');
  await expect(button('Erase')).toBeEnabled();
  await axe(product);
  await expect(button('Cancel')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();

  // It can be taken back.
  await choose(row, 'Erase…');
  await button('Erase').click();
  await expect(page.getByText(/will be erased at/)).toBeVisible();
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(page.getByText(/will not be erased/)).toBeVisible();
});

test('the quota at each RSE is shown', async ({ product }) => {
  const { page, panel } = product;
  await panel.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('menuitem', { name: 'My Quota' }).click();
  const dialog = page.getByRole('dialog', { name: 'My quota' });
  const quotas = dialog.getByRole('list', { name: 'Quotas' });
  await expect(quotas).toContainText(NORTH);
  await axe(product);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});
