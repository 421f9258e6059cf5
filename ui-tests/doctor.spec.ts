import { expect, picture, test } from './product';

test('the menu of the panel opens what works and what does not', async ({
  product
}) => {
  const { page, panel } = product;
  await panel.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('menuitem', { name: 'Check Connections' }).click();
  const view = page.locator('#escape-vre-doctor');
  await expect(view.getByText('Everything works.').first()).toBeVisible();
  const lake = view.getByRole('region', {
    name: 'Demo data lake',
    exact: true
  });
  await expect(lake.getByRole('listitem')).not.toHaveCount(0);
  await expect(lake).toContainText('You are account demo');
  await expect(view).toContainText('NORTH-USERDISK');
  await picture(page, 'doctor');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await view.getByRole('button', { name: 'Copy' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain('ok: Demo data lake: sign-in. You are account demo');

  await view.getByRole('button', { name: 'Check again' }).click();
  await expect(view.getByText('Everything works.').first()).toBeVisible();
});
