import { rmSync } from 'node:fs';
import { join } from 'node:path';
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
    const status = product.page.getByTitle('Show activity');
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

test('what is here already is not fetched again', async ({ product }) => {
  await product.find('demo:fermi.photons.fits');
  const row = product.row('fermi.photons.fits');
  const state = row.locator('.escape-Row-state');
  await row.click();
  await product.command('escape-vre:datalake-get');
  await expect(state).toHaveAttribute('data-shape', 'here');
  await product.command('escape-vre:datalake-get');
  await expect(
    product.page.getByText('fermi.photons.fits is already here.')
  ).toBeVisible();
  await expect(product.transfers.getByRole('listitem')).toHaveCount(1);
  // Unless somebody has taken it away since.
  rmSync(join(product.root, 'data'), { recursive: true });
  await product.command('escape-vre:datalake-get');
  await expect(product.transfers.getByRole('listitem')).toHaveCount(2);
  await expect
    .poll(() => product.has('data/demo/fermi.photons.fits'))
    .toBe(true);
});

test('a transfer that has failed stands still', async ({ product }) => {
  const { page, transfers } = product;
  await product.find('demo:fermi.photons.fits');
  await product.row('fermi.photons.fits').click();
  await product.command('escape-vre:datalake-get');
  await expect(transfers).toContainText('here');
  // Before anything was known of its size.
  await page.route('**/escape-vre/jobs', async route => {
    const answer = await route.fetch();
    const { jobs } = (await answer.json()) as { jobs: object[] };
    const error = { code: 'x', message: 'It failed.', hint: '' };
    const none = {
      unit: 'bytes',
      done: 0,
      total: null,
      rate: null,
      eta_s: null
    };
    const failed = { state: 'failed', state_word: 'failed', error };
    const progress = { ...none, parts: [] };
    await route.fulfill({
      json: { jobs: jobs.map(job => ({ ...job, ...failed, progress })) }
    });
  });
  await page.reload();
  await product.ready();
  await product.command('escape-vre:datalake-open');
  await product.command('escape-vre:datalake-activity');
  await expect(transfers).toContainText('failed');
  await expect(transfers.getByRole('alert')).toContainText('It failed.');
  const animations = await transfers
    .getByRole('progressbar')
    .evaluate(bar => bar.getAnimations({ subtree: true }).length);
  expect(animations).toBe(0);
});

test('a cancelled transfer can be tried again, and forgotten', async ({
  product
}) => {
  await product.find('ui:large');
  await expect(product.row('large')).toContainText('elsewhere');
  await product.row('large').click();
  await whileSitesAreSilent(async () => {
    await product.command('escape-vre:datalake-get');
    // Its size is known once the catalogue has answered.
    await expect(product.transfers).toContainText(/of 64\.0 MB/);
    await product.transfers.getByRole('button', { name: /^Cancel/ }).click();
    await expect(product.transfers).toContainText('cancelled');
    // As much as had come, of all.
    await expect(product.transfers).toContainText(/B of 64\.0 MB/);
  });
  await product.transfers.getByRole('button', { name: /^Try again/ }).click();
  await expect(product.transfers.getByRole('listitem').first()).toContainText(
    'here'
  );
  await product.panel.getByRole('button', { name: 'Clear finished' }).click();
  await expect(product.panel).toContainText('Nothing is in progress.');
});
