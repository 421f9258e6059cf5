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
  await expect(product.panel.getByRole('alert')).toContainText('Stopped.');
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
