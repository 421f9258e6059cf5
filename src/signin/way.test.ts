import { expect, test } from 'vitest';
import { wayOf } from './way';

const way = (details: unknown) => wayOf({ details });

test('an address, a code, or waiting', () => {
  const url = 'https://hub.example.org/hub/login';
  expect(way({ sign_in: url })).toEqual({ kind: 'link', url });
  expect(way({ sign_in: '/hub/login' })).toEqual({
    kind: 'link',
    url: '/hub/login'
  });
  expect(way({ device: '0123' })).toEqual({ kind: 'code', identity: '0123' });
  expect(way({ retry_after_s: 5 })).toEqual({ kind: 'wait', seconds: 5 });
});

test('anything else does not end by waiting', () => {
  expect(wayOf(null)).toBeNull();
  expect(wayOf({})).toBeNull();
  expect(way('text')).toBeNull();
  expect(way({ near: 'demo' })).toBeNull();
});

test('what is no address for people is no link', () => {
  for (const sign_in of [
    'javascript:alert(1)',
    '//elsewhere.example.org',
    '/\\elsewhere.example.org',
    'data:text/html,x',
    ''
  ]) {
    expect(way({ sign_in })).toBeNull();
  }
});
