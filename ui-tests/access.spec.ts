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
    await expect(product.panel).toContainText('Replicas');
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

test('the panel is in the View menu', async ({ product }) => {
  const { page } = product;
  await product.command('filebrowser:activate');
  await expect(product.panel).toBeHidden();
  await page.getByRole('menuitem', { name: 'View', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Show Data Lake' }).click();
  await expect(product.panel).toBeVisible();
});

test('at 250 px sizes, states and names are still there', async ({
  product
}) => {
  await product.width(250);
  await expect
    .poll(async () => (await product.panel.boundingBox())?.width)
    .toBeLessThan(252.5);
  await product.find('demo:');
  const row = product.row('fermi.lightcurves');
  const sees = async (widths: Record<string, number>) => {
    const box = await row.boundingBox();
    for (const [part, width] of Object.entries(widths)) {
      const inside = await row.locator(part).boundingBox();
      expect(inside?.width).toBeGreaterThanOrEqual(width);
      expect((inside?.x ?? 0) + (inside?.width ?? 0)).toBeLessThanOrEqual(
        (box?.x ?? 0) + (box?.width ?? 0)
      );
    }
    expect(box?.height).toBe(24);
  };
  await product.page.mouse.move(800, 400);
  await expect(row).toContainText('21.7 kB');
  // The usual state is a shape alone, and the name has room.
  await expect(row.locator('.escape-Row-word')).toHaveText('elsewhere');
  await expect(row.locator('.escape-Row-word')).toBeHidden();
  await expect(row).toHaveAttribute('aria-label', /, elsewhere/);
  await expect(row).toHaveAttribute(
    'title',
    /^fermi\.lightcurves\n.*elsewhere/
  );
  await expect(row.locator('.escape-Name')).toHaveText('fermi.lightcurves');
  await sees({
    '.escape-Row-size': 20,
    '.escape-Shape': 12,
    '.escape-Name': 110
  });
  await picture(product.page, 'datalake-narrow');
  // Under the mouse, size and state stay, and a click there gets nothing.
  await row.hover();
  await expect(row.getByRole('button', { name: 'Get' })).toBeVisible();
  await sees({
    '.escape-Row-size': 20,
    '.escape-Shape': 12,
    '.escape-Name': 40
  });
  await row.click();
  await expect(row).toHaveAttribute('aria-selected', 'true');
  await expect(product.panel).toContainText('Nothing is in progress.');
  // Another state has its word; where there is room, each has.
  await product.command('escape-vre:datalake-get');
  await expect(row.locator('.escape-Row-word')).toHaveText('here');
  await product.page.mouse.move(800, 400);
  await expect(row.locator('.escape-Row-word')).toBeVisible();
  await product.width(400);
  await expect(
    product.row('fermi.photons').locator('.escape-Row-word')
  ).toBeVisible();
});

test('two lakes of long titles leave account and health in sight', async ({
  product
}) => {
  const { page, panel } = product;
  await page.route('**/escape-vre/datalake/instances', async route => {
    const answer = await route.fetch();
    const { instances } = (await answer.json()) as {
      instances: { title: string; name: string }[];
    };
    const title = 'The data lake of a collaboration with a very long name';
    const [lake] = instances;
    await route.fulfill({
      json: {
        instances: [
          { ...lake, title },
          { ...lake, name: 'other', title: `${title}, for tests` }
        ]
      }
    });
  });
  await product.open();
  await product.width(250);
  await expect(panel.locator('.escape-Health')).toHaveText('ok');
  const box = await panel.boundingBox();
  for (const part of ['.escape-Account-account', '.escape-Health']) {
    const inside = await panel.locator(part).boundingBox();
    expect(inside?.width).toBeGreaterThan(10);
    expect((inside?.x ?? 0) + (inside?.width ?? 0)).toBeLessThan(
      (box?.x ?? 0) + (box?.width ?? 0) - 48
    );
  }
  await expect(panel.getByRole('button', { name: 'Menu' })).toBeInViewport({
    ratio: 1
  });
});
