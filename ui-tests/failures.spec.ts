import { expect, test } from './product';

const failure = {
  code: 'remote_unavailable',
  message: 'The data lake does not answer.',
  hint: 'Wait a little, then try again.',
  retryable: true,
  details: { url: 'https://lake.example' }
};

test('a list that fails, and works the second time', async ({ product }) => {
  let times = 0;
  await product.page.route('**/escape-vre/datalake/dids?**', route => {
    times += 1;
    return times === 1
      ? route.fulfill({ status: 503, json: { error: failure } })
      : route.continue();
  });
  await product.find('demo:fermi');
  const alert = product.panel.getByRole('alert');
  await expect(alert).toContainText(failure.message);
  await expect(alert).toContainText(failure.hint);
  await alert.getByText('Details', { exact: true }).click();
  await expect(alert).toContainText('lake.example');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(product.row('fermi.lightcurves')).toBeVisible();
});

test('a list that breaks on its way keeps what came', async ({ product }) => {
  const row = (name: string) =>
    JSON.stringify({
      ref: `rucio:demo:${name}`,
      scope: 'demo',
      name,
      type: 'file',
      bytes: 1,
      length: null,
      adler32: null,
      md5: null
    });
  await product.page.route('**/escape-vre/datalake/dids?**', route =>
    route.fulfill({
      contentType: 'application/x-ndjson',
      body: `${row('one')}\n${row('two')}\n${JSON.stringify({ error: failure })}\n`
    })
  );
  await product.find('demo:x');
  await expect(product.row('two')).toBeVisible();
  await expect(product.tree).toContainText(failure.message);
  await expect(
    product.tree.getByRole('button', { name: 'Try again' })
  ).toBeVisible();
});

test('a slow list shimmers, says who is waited for, and stops', async ({
  product
}) => {
  await product.page.route('**/escape-vre/datalake/dids?**', async route => {
    await new Promise(resolve => setTimeout(resolve, 20_000));
    await route.continue().catch(() => undefined);
  });
  await product.find('demo:fermi');
  await expect(
    product.panel.locator('.escape-Waiting-row').first()
  ).toBeVisible();
  await expect(product.panel).toContainText('Waiting for Demo data lake…');
  await product.panel.getByRole('button', { name: 'Cancel' }).click();
  // To have stopped it oneself is no error.
  await expect(product.panel).toContainText('You stopped this list.');
  await expect(product.panel.getByRole('alert')).toHaveCount(0);
  await product.page.unroute('**/escape-vre/datalake/dids?**');
  await product.panel.getByRole('button', { name: 'Try again' }).click();
  await expect(product.row('fermi.lightcurves')).toBeVisible();
});

test('a slow refresh leaves the rows, says who is waited for, and stops', async ({
  product
}) => {
  await product.find('demo:fermi');
  const row = product.row('fermi.lightcurves');
  await row.click();
  await product.page.route('**/escape-vre/datalake/dids?**', () => undefined);
  await product.panel.getByRole('button', { name: 'Refresh' }).click();
  await expect(product.panel).toContainText('Waiting for Demo data lake…');
  await expect(row).toBeVisible();
  await product.panel.getByRole('button', { name: 'Cancel' }).click();
  await expect(product.panel).not.toContainText('Waiting for');
  await expect(row).toHaveAttribute('aria-selected', 'true');
  await expect(product.panel.getByRole('alert')).toHaveCount(0);
});

test('a search is listed while the lake is slow to say who we are', async ({
  product
}) => {
  const { page } = product;
  await page.route('**/escape-vre/datalake/whoami?**', () => undefined);
  await page.route('**/escape-vre/datalake/scopes?**', () => undefined);
  await product.open();
  await product.find('demo:fermi');
  await expect(product.row('fermi.lightcurves')).toBeVisible();
  await page.unroute('**/escape-vre/datalake/scopes?**');
  await product.panel.getByRole('button', { name: 'Refresh' }).click();
  await expect(product.search).toHaveValue('demo:fermi');
  await expect(product.row('fermi.lightcurves')).toBeVisible();
});

test('no data lake is configured', async ({ product }) => {
  const { page, panel } = product;
  await page.route('**/escape-vre/datalake/instances', route =>
    route.fulfill({ json: { instances: [] } })
  );
  await product.open();
  await expect(panel).toContainText('No data lake is configured.');
  await page.unroute('**/escape-vre/datalake/instances');
  await panel.getByRole('button', { name: 'Try again' }).click();
  await expect(
    product.tree.getByRole('treeitem', { name: 'Scope demo' })
  ).toBeVisible();
});

test('a wrong password is said once, with what to do', async ({ product }) => {
  const { page, panel } = product;
  const refused = {
    code: 'auth',
    message: 'The lake does not accept the user name, password or account.',
    hint: 'Check them in the configuration.',
    retryable: false
  };
  const urls = /\/escape-vre\/datalake\/(whoami|scopes)/;
  await page.route(urls, route =>
    route.fulfill({ status: 401, json: { error: refused } })
  );
  await product.open();
  const alert = panel.getByRole('alert');
  await expect(alert).toHaveCount(1);
  await expect(alert).toContainText(refused.message);
  await expect(alert).toContainText(refused.hint);
  await expect(panel.locator('.escape-Health')).toHaveText('refused');
  await page.unroute(urls);
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(
    product.tree.getByRole('treeitem', { name: 'Scope demo' })
  ).toBeVisible();
  await expect(panel.locator('.escape-Health')).toHaveText('ok');
});

test('no server extension', async ({ product }) => {
  await product.page.route(/\/escape-vre\/(agent|datalake|jobs)/, route =>
    route.fulfill({ status: 404, json: { message: 'Not Found' } })
  );
  await product.open();
  const alert = product.panel.getByRole('alert');
  await expect(alert).toContainText('does not answer');
  await expect(alert).toContainText('Install escape-vre');
});
