import AxeBuilder from '@axe-core/playwright';
import { expect, picture, test } from './product';

const themes = [
  'JupyterLab Light',
  'JupyterLab Dark',
  'JupyterLab Dark High Contrast'
];
for (const theme of themes) {
  test(`axe finds nothing in ${theme}`, async ({ product }) => {
    await product.open({ theme });
    await product.find('demo:fermi');
    await product.row('fermi.lightcurves').click();
    await expect(product.panel).toContainText('Copies');
    await product.command('escape-vre:datalake-get');
    await expect(product.transfers).toContainText('here');
    await product.search.fill('d');
    await expect(product.panel.getByRole('listbox')).toBeVisible();
    const found = await new AxeBuilder({ page: product.page })
      .include('#escape-vre-datalake')
      .analyze();
    expect(
      found.violations.map(one => [one.id, one.nodes.map(node => node.html)])
    ).toEqual([]);
    // Once for the list of scopes, once for the text.
    await product.search.press('Escape');
    await product.search.press('Escape');
    await picture(
      product.page,
      `datalake-${theme.replace('JupyterLab ', '').replace(/ /g, '-').toLowerCase()}`
    );
  });
}

test('at 250 px sizes, states and names are still there', async ({
  product
}) => {
  await product.width(250);
  await expect
    .poll(async () => (await product.panel.boundingBox())?.width)
    .toBeLessThan(252.5);
  await product.find('demo:');
  const row = product.row('fermi.lightcurves');
  await product.page.mouse.move(800, 400);
  await expect(row).toContainText('22 kB');
  await expect(row).toContainText('elsewhere');
  const box = await row.boundingBox();
  for (const part of ['.escape-Row-size', '.escape-Row-word', '.escape-Name']) {
    const inside = await row.locator(part).boundingBox();
    expect(inside?.width).toBeGreaterThan(20);
    expect((inside?.x ?? 0) + (inside?.width ?? 0)).toBeLessThanOrEqual(
      (box?.x ?? 0) + (box?.width ?? 0)
    );
  }
  expect(box?.height).toBe(24);
  await expect(row).toHaveAttribute('title', /^fermi\.lightcurves\n/);
  await picture(product.page, 'datalake-narrow');
});
