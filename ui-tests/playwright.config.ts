import { execFileSync } from 'node:child_process';
import { defineConfig } from '@playwright/test';

/**
 * Tests of the panels in a real browser, on the real product.
 *
 * `ESCAPE_VRE_DEMO_COMMAND` starts the product and prints one line of JSON
 * (`demo.ts` reads it); each worker has one of its own.
 */
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: 'test-results',
  // A file is one worker's: tests at the same time would see each other's jobs.
  workers: 2,
  timeout: 240_000,
  expect: { timeout: 60_000 },
  reporter: process.env.CI
    ? [['list']]
    : [
        ['list'],
        ['html', { open: 'never', outputFolder: 'playwright-report' }]
      ],
  use: {
    viewport: { width: 1280, height: 800 },
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    video: 'off',
    launchOptions: {
      executablePath: execFileSync('scripts/find-chromium').toString().trim(),
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync'
      ]
    }
  }
});
