import { readdirSync } from 'node:fs';
import js from '@eslint/js';
import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const TYPESCRIPT = ['**/*.ts', '**/*.tsx'];

/** Folders of src that know no service; every other one is a service's. */
const SHARED = ['activity', 'core', 'doctor', 'signin', 'ui'];
const SERVICES = readdirSync('src', { withFileTypes: true })
  .filter(entry => entry.isDirectory() && !SHARED.includes(entry.name))
  .map(entry => entry.name);

/** What shared folders and other services may not import. */
function closed(files, services) {
  const group = services.map(name => `**/${name}/**`);
  const message = 'Only src/plugins.ts imports a service.';
  const patterns = group.length > 0 ? [{ group, message }] : [];
  return { files, rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

export default [
  {
    ignores: [
      'lib/**',
      'escape_vre/**',
      '**/node_modules/**',
      'docs/**',
      '.venv*/**',
      '.demo/**',
      'build/**',
      'dist/**',
      'src/*/api.ts',
      'ui-tests/stories/lib/**',
      'ui-tests/stories/labextensions/**',
      'ui-tests/test-results/**',
      'ui-tests/playwright-report/**'
    ]
  },
  { files: ['**/*.mjs', '**/*.js', ...TYPESCRIPT], ...js.configs.recommended },
  ...tseslint.configs.recommended.map(config => ({
    files: TYPESCRIPT,
    ...config
  })),
  { plugins: { jupyter } },
  ...[jupyter.configs.recommended].flat(),
  {
    files: TYPESCRIPT,
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_' }
      ],
      // What is heavy comes with `datalake/loader`; what is left runs at start.
      'jupyter/prefer-lazy-imports': 'off',
      curly: ['error', 'all'],
      eqeqeq: 'error',
      'prefer-arrow-callback': 'error'
    }
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: ['src/**/*.test.ts'],
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: { '@typescript-eslint/no-floating-promises': 'error' }
  },
  closed(
    SHARED.map(name => `src/${name}/**`),
    SERVICES
  ),
  ...SERVICES.map(name =>
    closed(
      [`src/${name}/**`],
      SERVICES.filter(other => other !== name)
    )
  ),
  {
    files: ['scripts/**', 'ui-tests/**'],
    languageOptions: {
      globals: { console: 'readonly', process: 'readonly', URL: 'readonly' }
    }
  },
  {
    files: ['tests/extension/**'],
    languageOptions: {
      globals: {
        AbortController: 'readonly',
        document: 'readonly',
        window: 'readonly'
      }
    },
    // Written by hand, without a bundler or a translator.
    rules: { 'jupyter/no-untranslated-string': 'off' }
  },
  prettier
];
