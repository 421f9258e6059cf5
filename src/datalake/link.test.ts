import { PageConfig } from '@jupyterlab/coreutils';
import { afterEach, expect, test } from 'vitest';
import { linkIn, linkTo } from './link';

afterEach(() => {
  PageConfig.setOption('hubPrefix', '');
  PageConfig.setOption('baseUrl', '/');
});

const search = (link: string) => new URL(link).search;

test('a link leads to JupyterLab, and names the DID as it is', () => {
  PageConfig.setOption('baseUrl', '/user/jane/');
  const link = linkTo({ did: 'cms:/A/B C&d' }, 'https://hub.org');
  expect(link).toMatch(/^https:\/\/hub\.org\/user\/jane\/lab\?datalake=/);
  expect(linkIn(search(link))).toEqual({
    did: 'cms:/A/B C&d',
    instance: undefined,
    search: ''
  });
});

test('at a hub it leads everybody to their own server', () => {
  PageConfig.setOption('baseUrl', '/user/jane/');
  PageConfig.setOption('hubPrefix', '/hub/');
  const link = linkTo({ did: 'demo:x', instance: 'ska' }, 'https://hub.org');
  expect(link).toMatch(/^https:\/\/hub\.org\/hub\/user-redirect\/lab\?/);
  expect(linkIn(search(link))).toMatchObject({
    did: 'demo:x',
    instance: 'ska'
  });
});

test('what else the address says stays', () => {
  expect(linkIn('?reset&datalake=demo%3Ax&token=1')?.search).toBe(
    '?reset=&token=1'
  );
  expect(linkIn('?reset')).toBeNull();
});
