import { expect, picture, test } from './product';

const CONDITIONS = 'format=FITS* size>30kB';

test('conditions are typed, or edited as rows: both are the same', async ({
  product
}) => {
  const { panel, page } = product;
  await product.find(`demo: ${CONDITIONS}`);
  await expect(product.row('fermi.photons')).toBeVisible();
  await expect(product.row('lofar.images')).toBeVisible();
  await expect(product.row('fermi.lightcurves')).toHaveCount(0);
  await expect(product.tree).toContainText('size here: 2 candidates');

  // As chips while the editor is closed.
  const chip = panel.getByRole('button', { name: 'Remove size>30kB' });
  await expect(chip).toBeVisible();
  const open = panel.getByRole('button', { name: 'Conditions' });
  await open.click();
  const rows = panel.getByRole('group', { name: /^Condition \d/ });
  await expect(rows).toHaveCount(2);
  await expect(rows.first().getByLabel('Key')).toHaveValue('format');

  // A row writes the text, which is searched for by Enter in any field.
  const value = rows.nth(1).getByLabel('Value');
  await value.fill('100kB');
  await expect(product.search).toHaveValue('demo: format=FITS* size>100kB');
  await value.press('Enter');
  await expect(product.row('fermi.photons')).toHaveCount(0);
  await expect(product.row('lofar.images')).toBeVisible();

  // What is not whole yet stays a row, and is not in the text.
  await panel.getByRole('button', { name: 'Add', exact: true }).click();
  await rows.nth(2).getByLabel('Joined by').selectOption('or');
  await rows.nth(2).getByLabel('Key').fill('format');
  await expect(product.search).toHaveValue('demo: format=FITS* size>100kB');
  await rows.nth(2).getByLabel('Value').fill('HDF5');
  await expect(product.search).toHaveValue(
    'demo: format=FITS* size>100kB or format=HDF5'
  );
  await product.width(250);
  await expect(rows.nth(2).getByLabel('Value')).toBeInViewport({ ratio: 1 });
  await picture(page, 'search-conditions');
  await panel.getByRole('button', { name: 'Search', exact: true }).click();
  await expect(product.row('virgo.strain')).toBeVisible();

  // The text writes the rows.
  await product.search.fill('format=Parquet');
  await expect(rows).toHaveCount(1);
  await expect(rows.getByLabel('Value')).toHaveValue('Parquet');
  await product.search.fill('format=Parquet and');
  await expect(panel.getByText(/cannot be read/)).toBeVisible();
  await product.search.press('Enter');
  await expect(panel).toContainText('There is no condition after and');

  await product.find('demo:* format=Parquet');
  await open.click();
  await panel.getByRole('button', { name: 'Remove format=Parquet' }).click();
  await expect(product.row('fermi.photons')).toBeVisible();
});

test('a key that no DID has leads to the nearest', async ({ product }) => {
  const { panel } = product;
  await product.find('demo: format=HDF5');
  await expect(product.row('virgo.strain')).toBeVisible();
  await product.find('demo: formt=HDF5');
  await expect(panel).toContainText('No DID in demo has the metadata key');
  await panel.getByRole('button', { name: 'demo:* format=HDF5' }).click();
  await expect(product.row('virgo.strain')).toBeVisible();
});

test('the keys that are known complete the key of a row', async ({
  product
}) => {
  const { panel } = product;
  await product.find('demo: format=HDF5');
  await panel.getByRole('button', { name: 'Conditions' }).click();
  const key = panel.getByLabel('Key');
  const list = await key.getAttribute('list');
  const options = product.page.locator(`[id="${list}"] option`);
  await expect(options.filter({ hasText: '' }).first()).toBeAttached();
  const keys = await options.evaluateAll(all =>
    all.map(one => (one as HTMLOptionElement).value)
  );
  expect(keys).toContain('size');
  expect(keys).toContain('format');
});
