/** Every key that the guide names, and the focus, which is never lost. */
import type { Locator } from '@playwright/test';
import { expect, test } from './product';
import type { Product } from './product';

/** Wait until the keyboard is on the row with this label. */
async function at(product: Product, label: RegExp): Promise<void> {
  await expect
    .poll(async () => {
      const id = await product.tree.getAttribute('aria-activedescendant');
      const row = product.page.locator(`[id="${id}"]`);
      return (await row.count()) ? row.getAttribute('aria-label') : '';
    })
    .toMatch(label);
}

function selected(product: Product): Locator {
  return product.tree.getByRole('treeitem', { selected: true });
}

/** A container with a dataset in it, unfolded, the keyboard on its first row. */
async function unfolded(product: Product): Promise<void> {
  await product.find('demo:samples');
  await expect(product.row('samples')).toBeVisible();
  await product.tree.focus();
  await product.page.keyboard.press('Home');
  await product.page.keyboard.press('ArrowRight');
  await expect(product.row('blazar-2026')).toBeVisible();
}

/** A hundred files and more. */
async function long(product: Product): Promise<void> {
  await product.find('ui:run.00');
  await expect(product.row('run.000000.fits')).toBeVisible();
  await expect(product.panel).toContainText('First 2,000 shown');
  await product.tree.focus();
}

test('/ goes to the search, Enter searches, Down goes to the tree', async ({
  product
}) => {
  const { keyboard } = product.page;
  await product.tree.focus();
  await keyboard.press('/');
  await expect(product.search).toBeFocused();
  await keyboard.type('demo:samples');
  await keyboard.press('Enter');
  await expect(product.row('samples')).toBeVisible();
  await expect(product.search).toBeFocused();
  await keyboard.press('ArrowDown');
  await expect(product.tree).toBeFocused();
});

test('in the search field: Down into the scopes, Escape step by step', async ({
  product
}) => {
  const { keyboard } = product.page;
  const scopes = product.panel.getByRole('listbox', { name: 'Scopes' });
  await product.search.focus();
  await keyboard.press('ArrowDown');
  await expect(scopes).toBeVisible();
  await keyboard.press('Escape');
  await expect(scopes).toBeHidden();
  await keyboard.type('de');
  await expect(scopes).toBeVisible();
  await keyboard.press('ArrowDown');
  await expect(scopes.getByRole('option', { selected: true })).toHaveCount(1);
  await keyboard.press('Escape');
  await expect(product.search).toHaveValue('de');
  await keyboard.press('Escape');
  await expect(product.search).toHaveValue('');
  await keyboard.press('Escape');
  await expect(product.tree).toBeFocused();
  await keyboard.press('/');
  await keyboard.type('demo');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await expect(product.search).toHaveValue(/demo:$/);
  await expect(product.search).toBeFocused();
});

test('arrows, Page, Home and End move', async ({ product }) => {
  const { keyboard } = product.page;
  await long(product);
  await keyboard.press('Home');
  await at(product, /^run\.000000/);
  await keyboard.press('ArrowDown');
  await at(product, /^run\.000001/);
  await keyboard.press('ArrowUp');
  await at(product, /^run\.000000/);
  await keyboard.press('PageDown');
  await at(product, /^run\.0000(?!00)/);
  await keyboard.press('PageUp');
  await at(product, /^run\.000000/);
  await keyboard.press('End');
  await at(product, /2,000/);
  await expect(product.tree).toBeFocused();
});

test('Right and Left unfold and fold, then go in and out', async ({
  product
}) => {
  const { keyboard } = product.page;
  await unfolded(product);
  await expect(product.row('samples')).toHaveAttribute('aria-expanded', 'true');
  await expect(product.row('blazar-2026')).toHaveAttribute('aria-level', '2');
  await keyboard.press('ArrowRight');
  await at(product, /^(?!samples)/);
  await keyboard.press('ArrowLeft');
  await at(product, /^samples/);
  await keyboard.press('ArrowLeft');
  await expect(product.row('samples')).toHaveAttribute(
    'aria-expanded',
    'false'
  );
});

test('letters go to the next name that begins so', async ({ product }) => {
  await unfolded(product);
  await product.page.keyboard.press('b');
  await at(product, /^blazar-2026/);
});

test('Space and Shift, Ctrl with arrows, Space and A select', async ({
  product
}) => {
  const { keyboard } = product.page;
  await long(product);
  await keyboard.press('Home');
  await expect(selected(product)).toHaveCount(1);
  await keyboard.press('Shift+ArrowDown');
  await keyboard.press('Shift+ArrowDown');
  await expect(selected(product)).toHaveCount(3);
  await keyboard.press('Home');
  await keyboard.press('Control+ArrowDown');
  await at(product, /^run\.000001/);
  await expect(selected(product)).toHaveCount(1);
  await keyboard.press('Space');
  await expect(selected(product)).toHaveCount(2);
  await keyboard.press('Space');
  await expect(selected(product)).toHaveCount(1);
  await keyboard.press('Control+ArrowDown');
  await keyboard.press('Control+Space');
  await expect(selected(product)).toHaveCount(2);
  await keyboard.press('Control+a');
  await expect(product.panel).toContainText('2000 selected');
  await expect(product.tree).toBeFocused();
});

test('the menu key and Shift+F10 open the menu of the row, and come back', async ({
  product
}) => {
  const { page } = product;
  await unfolded(product);
  for (const key of ['Shift+F10', 'ContextMenu']) {
    await page.keyboard.press(key);
    await expect(page.getByRole('menu').getByText('Copy DID')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toHaveCount(0);
    await expect(product.tree).toBeFocused();
  }
});

test('Enter opens a scope, a collection, gets a file, opens one that is here', async ({
  product
}) => {
  const { page } = product;
  const { keyboard } = page;
  // Of a scope; the tree makes room for a while, and the focus comes back.
  await product.tree.focus();
  await keyboard.press('d');
  await at(product, /^Scope demo/);
  await keyboard.press('Enter');
  await expect(product.row('samples')).toBeVisible();
  await expect(product.tree).toBeFocused();
  // Of a collection.
  await keyboard.press('s');
  await at(product, /^samples/);
  await keyboard.press('Enter');
  await expect(product.row('samples')).toHaveAttribute('aria-expanded', 'true');
  // Of files.
  await product.find('demo:fermi.lightcurves');
  await expect(product.row('fermi.lightcurves')).toBeVisible();
  await keyboard.press('ArrowDown');
  await expect(product.tree).toBeFocused();
  await keyboard.press('Home');
  await keyboard.press('Enter');
  const file = product.tree.getByRole('treeitem', { name: /\.csv, file/ });
  await expect(file.first()).toContainText('elsewhere');
  await keyboard.press('ArrowRight');
  await at(product, /\.csv, file/);
  await keyboard.press('Enter');
  await expect(file.first().locator('.escape-Row-state')).toHaveAttribute(
    'data-shape',
    'here'
  );
  await expect(product.tree).toBeFocused();
  await keyboard.press('Enter');
  await expect(page.locator('.jp-CSVViewer')).toBeVisible();
});

test('Tab goes to the buttons of the row, and a button that goes leaves the focus', async ({
  product
}) => {
  const { page } = product;
  const { keyboard } = page;
  await product.find('demo:fermi.lightcurves');
  const row = product.row('fermi.lightcurves');
  await expect(row).toContainText('elsewhere');
  await product.tree.focus();
  await keyboard.press('Home');
  await page.mouse.move(800, 400);
  const button = (name: string) => row.getByRole('button', { name });
  for (const name of [
    'Get',
    'Choose folder or files',
    'Insert into notebook',
    'More actions'
  ]) {
    await keyboard.press('Tab');
    await expect(button(name)).toBeFocused();
    await expect(button(name)).toBeInViewport({ ratio: 1 });
  }
  await keyboard.press('Shift+Tab');
  await expect(button('Insert into notebook')).toBeFocused();
  await keyboard.press('Shift+Tab');
  await keyboard.press('Enter');
  await expect(page.getByRole('menu')).toContainText('Get to Folder…');
  await keyboard.press('Escape');
  await expect(button('Choose folder or files')).toBeFocused();
  // The menu opens a dialog; who leaves that is back at the row as well.
  await keyboard.press('Enter');
  await expect(page.getByRole('menu')).toContainText('Get Only Some Files…');
  await keyboard.press('ArrowDown');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(button('Choose folder or files')).toBeFocused();
  // Escape on a button goes back to the tree, and only there.
  await keyboard.press('Escape');
  await expect(product.tree).toBeFocused();
  await expect(row).toBeVisible();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await expect(button('Get')).toHaveCount(0);
  await expect(product.tree).toBeFocused();
});

test('Escape and Backspace clear a selection, then show all scopes', async ({
  product
}) => {
  const { keyboard } = product.page;
  for (const key of ['Escape', 'Backspace']) {
    await unfolded(product);
    await keyboard.press('Home');
    await keyboard.press('Shift+ArrowDown');
    await expect(selected(product)).toHaveCount(2);
    await keyboard.press(key);
    await expect(selected(product)).toHaveCount(0);
    await expect(product.row('samples')).toBeVisible();
    await keyboard.press(key);
    await expect(
      product.tree.getByRole('treeitem', { name: 'Scope demo' })
    ).toBeVisible();
    await expect(product.tree).toBeFocused();
  }
});

test('the arrows choose a type, and the focus stays', async ({ product }) => {
  const { keyboard } = product.page;
  await product.find('demo:');
  await product.panel.getByRole('radio', { name: 'all' }).focus();
  await keyboard.press('ArrowRight');
  const containers = product.panel.getByRole('radio', { name: 'containers' });
  await expect(containers).toBeFocused();
  await expect(containers).toBeChecked();
  await keyboard.press('ArrowLeft');
  await expect(product.panel.getByRole('radio', { name: 'all' })).toBeChecked();
});

test('a link or button that goes when it is pressed leaves the focus in the list', async ({
  product
}) => {
  const { panel, page } = product;
  const press = async (name: string) => {
    await panel.getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
    await expect(product.tree).toBeFocused();
  };
  await product.find('demo:fermi');
  await expect(product.row('fermi.lightcurves')).toBeVisible();
  await press('search inside names too');
  await press('demo');
  await press('Scopes');
  await product.find('demo:lightcurves');
  await press('Search inside names too');
  await panel.getByRole('radio', { name: 'files' }).click();
  await press('Show all types');
  await product.find('dmeo:fermi');
  await press('Did you mean demo?');
  await expect(product.row('fermi.lightcurves')).toBeVisible();
});
