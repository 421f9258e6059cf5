/** The widgets of the kit for the main area, in a page of their own. */
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './product';
import type { Product } from './product';

interface IStoriesWindow extends Window {
  stories?: {
    buffer: { length: number };
    opened: string[];
    form: { isValid: boolean; value: object; showErrors(): void };
    grid: { model: { text(row: number, column: number): string } };
  };
}

async function open(product: Product, megabytes = 1): Promise<Locator> {
  await product.command('escape-vre-stories:open', { megabytes });
  const stories = product.page.locator('#escape-vre-stories');
  await expect(stories).toBeVisible();
  return stories;
}

async function tab(stories: Locator, name: string): Promise<void> {
  await stories.getByRole('tab', { name, exact: true }).click();
}

function lineNumbers(page: Page): Promise<number[]> {
  return page
    .locator('.escape-Log-line')
    .evaluateAll(lines =>
      lines.map(line => Number((line as HTMLElement).dataset.line))
    );
}

test('a log of 100 MB is drawn by the line, followed and searched', async ({
  product
}) => {
  test.slow();
  const { page } = product;
  const stories = await open(product, 100);
  const count = await page.evaluate(
    () => (window as IStoriesWindow).stories?.buffer.length ?? 0
  );
  expect(count).toBeGreaterThan(900_000);
  // It follows: the end is in sight, and only what is in sight is drawn.
  await expect(stories.getByText('the end', { exact: true })).toBeVisible();
  expect((await lineNumbers(page)).length).toBeLessThan(100);
  const log = stories.getByRole('region', { name: 'Log' });
  await log.focus();
  await page.keyboard.press('Home');
  await expect.poll(async () => (await lineNumbers(page))[0]).toBe(0);
  const follow = stories.getByRole('checkbox', { name: 'Follow' });
  await expect(follow).not.toBeChecked();
  await page.keyboard.press('ArrowDown');
  await expect.poll(async () => (await lineNumbers(page))[0]).toBe(1);
  await page.mouse.move(640, 400);
  await page.mouse.wheel(0, 180);
  await expect.poll(async () => (await lineNumbers(page))[0]).toBe(11);
  // One line among a million, its word broken by colours.
  await stories.getByRole('searchbox').fill('the needle');
  await expect(stories.getByRole('status').first()).toHaveText('1 of 1');
  const found = stories.locator('.escape-Log-line[aria-current]');
  await expect(found).toBeInViewport();
  await expect(found).toHaveText('the needle');
  await expect(found.locator('[data-fg=red]')).toHaveText('the need');
  await follow.check();
  await expect(stories.getByText('the end', { exact: true })).toBeVisible();
});

test('a search goes from place to place', async ({ product }) => {
  const { page } = product;
  const stories = await open(product);
  const search = stories.getByRole('searchbox');
  const said = stories.getByRole('status').first();
  await search.fill('00000001');
  await expect(said).toHaveText('1 of 11');
  await page.keyboard.press('Enter');
  await expect(said).toHaveText('2 of 11');
  await page.keyboard.press('Shift+Enter');
  await stories.getByRole('button', { name: 'Previous' }).click();
  await expect(said).toHaveText('11 of 11');
  await expect(stories.locator('[aria-current] mark')).toHaveText('00000001');
  await search.fill('no such thing');
  await expect(said).toHaveText('Nothing found');
});

test('a grid of 100,000 rows sorts, and says what the cursor is on', async ({
  product
}) => {
  const { page } = product;
  const stories = await open(product);
  await tab(stories, 'Grid');
  const cell = (row: number, column: number) =>
    page.evaluate(
      ([r, c]) =>
        (window as IStoriesWindow).stories?.grid.model.text(r, c) ?? '',
      [row, column]
    );
  // Canvases lie over each other: the mouse goes to a place of the grid.
  const grid = stories.getByRole('application', { name: 'Stars' });
  await expect(grid).toBeVisible();
  const click = async (x: number, y: number) => {
    const box = await grid.boundingBox();
    await page.mouse.click((box?.x ?? 0) + x, (box?.y ?? 0) + y);
  };
  // The heading of the second column, once and once more.
  await click(200, 12);
  await expect.poll(() => cell(0, 1)).toBe('0.00');
  await click(200, 12);
  await expect.poll(() => cell(0, 1)).toBe('100002.00');
  // What is not known stands last.
  expect(await cell(99_999, 1)).toBe('');
  await click(60, 36);
  const said = stories.locator('.escape-Grid').getByRole('status');
  await expect(said).toHaveText(/^Row 1 of 100000, Star: star \d+$/);
  await page.keyboard.press('ArrowDown');
  await expect(said).toHaveText(/^Row 2 of 100000/);
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(() => cell(0, 0)).toBe('star 0');
  await page.keyboard.press('Enter');
  const opened = await page.evaluate(
    () => (window as IStoriesWindow).stories?.opened
  );
  expect(opened).toEqual(['star 1']);
});

test('a form is made from a schema, and says what is wrong', async ({
  product
}) => {
  const { page } = product;
  const stories = await open(product);
  await tab(stories, 'Form');
  const form = () =>
    page.evaluate(() => {
      const { form: shown } = (window as IStoriesWindow).stories ?? {};
      return { isValid: shown?.isValid, value: shown?.value };
    });
  expect((await form()).isValid).toBe(false);
  await page.evaluate(() =>
    (window as IStoriesWindow).stories?.form.showErrors()
  );
  await stories.getByRole('textbox', { name: 'Title' }).fill('ab');
  await expect(stories).toContainText('fewer than 3 characters');
  await stories.getByRole('textbox', { name: 'Title' }).fill('abc');
  await expect
    .poll(form)
    .toEqual({ isValid: true, value: { title: 'abc', steps: 10 } });
});

test('a panel of another extension lists, unfolds, sorts and tells', async ({
  product
}) => {
  const { page } = product;
  const book = (name: string, bytes: number, chapters = 0) =>
    JSON.stringify({ ref: `book:${name}`, name, bytes, chapters });
  const answers: Record<string, string> = {
    instances: JSON.stringify({
      instances: [{ name: 'a', title: 'Town library', url: '', account: 'me' }]
    }),
    whoami: JSON.stringify({ account: 'me', latency_ms: 1 }),
    about: JSON.stringify({ author: 'F. Herbert' }),
    search: [book('Dune', 3000, 1), book('Emma', 9000)].join('\n'),
    chapters: book('Beginnings', 10)
  };
  await page.route('**/escape-vre/books/*', route => {
    const [, name] = /books\/(\w+)/.exec(route.request().url()) ?? [];
    const isList = name === 'search' || name === 'chapters';
    const end = '\n{"end": {"count": 1, "truncated": false}}\n';
    return route.fulfill({
      contentType: isList ? 'application/x-ndjson' : 'application/json',
      body: `${answers[name]}${isList ? end : ''}`
    });
  });
  await product.command('escape-vre-stories:books-open');
  const panel = page.locator('#escape-vre-stories-books');
  await expect(panel).toContainText('Town library');
  await expect(panel.locator('.escape-Health')).toHaveText('ok');
  const rows = panel.getByRole('treeitem');
  await expect(rows).toHaveCount(2);
  await panel.getByRole('tree').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(1)).toHaveAttribute('aria-level', '2');
  await expect(panel).toContainText('F. Herbert');
  await panel.getByRole('button', { name: 'Sort by size' }).click();
  await expect(rows.first()).toHaveAttribute('aria-label', 'Emma, 9.0 kB');
  await product.command('escape-vre-stories:books-search');
  const field = panel.getByRole('combobox', { name: 'Search the library' });
  await expect(field).toBeFocused();
  answers.search = '';
  await page.keyboard.type('x');
  await page.keyboard.press('Enter');
  await expect(panel).toContainText('No book has such a title.');
});

for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
  test(`axe finds nothing in the stories in ${theme}`, async ({ product }) => {
    await product.open({ theme });
    const stories = await open(product);
    for (const name of ['Log', 'Grid', 'Form']) {
      await tab(stories, name);
      const found = await new AxeBuilder({ page: product.page })
        .include('.escape-Main > .lm-StackedPanel')
        .analyze();
      expect(
        found.violations.map(one => [one.id, one.nodes.map(node => node.html)])
      ).toEqual([]);
      await product.page.screenshot({
        path: `ui-tests/test-results/stories-${name}-${theme.split(' ')[1]}.png`
      });
    }
  });
}
