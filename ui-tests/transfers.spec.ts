import { expect, lake, test } from './product';

/** Do something while no site sends a byte, so that transfers last as long. */
async function whileSitesAreSilent(act: () => Promise<void>): Promise<void> {
  const pids = Object.entries(lake('pids'))
    .filter(([name]) => name.endsWith('USERDISK'))
    .map(([, pid]) => pid);
  pids.forEach(pid => process.kill(pid, 'SIGSTOP'));
  try {
    await act();
  } finally {
    pids.forEach(pid => process.kill(pid, 'SIGCONT'));
  }
}

test('a reload in the middle of a transfer loses nothing', async ({
  product
}) => {
  await product.find('ui:large');
  const row = product.row('large');
  await expect(row).toContainText('elsewhere');
  await whileSitesAreSilent(async () => {
    await row.dblclick();
    await product.command('escape-vre:datalake-get');
    const bar = product.transfers.getByRole('progressbar');
    await expect(bar).toBeVisible();
    const status = product.page.getByTitle('Show transfers');
    await expect(status).toContainText('↓ 1');
    await product.page.reload();
    await product.ready();
    await product.command('escape-vre:datalake-open');
    await expect(status).toContainText('↓ 1');
    await expect(bar).toBeVisible();
  });
  await expect(product.page.getByText('large is here.')).toBeVisible();
  expect(product.has('data/ui/large/large.bin')).toBe(true);
});

test('a cancelled transfer can be tried again, and forgotten', async ({
  product
}) => {
  await product.find('ui:large');
  await expect(product.row('large')).toContainText('elsewhere');
  await product.row('large').click();
  await whileSitesAreSilent(async () => {
    await product.command('escape-vre:datalake-get');
    await product.transfers.getByRole('button', { name: /^Cancel/ }).click();
    await expect(product.transfers).toContainText('cancelled');
  });
  await product.transfers.getByRole('button', { name: /^Try again/ }).click();
  await expect(product.transfers.getByRole('listitem').first()).toContainText(
    'here'
  );
  await product.panel.getByRole('button', { name: 'Clear finished' }).click();
  await expect(product.panel).toContainText('Nothing is in progress.');
});
