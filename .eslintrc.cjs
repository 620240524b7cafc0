/** ESLint 9 reads this file with ESLINT_USE_FLAT_CONFIG=false (set by `npm run lint`). */
module.exports = {
  root: true,
  parser: '@typescript-eslint/parser',
  parserOptions: { project: './tsconfig.json', tsconfigRootDir: __dirname },
  plugins: ['@typescript-eslint'],
  extends: ['eslint:recommended', 'plugin:@typescript-eslint/strict-type-checked'],
  env: { node: true, es2022: true },
  ignorePatterns: ['.dependency-cruiser.cjs', 'dist', 'node_modules', 'test/machines', '*.cjs', '*.mjs'],
  rules: {
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'no-restricted-imports': ['error', { patterns: ['**/main', '**/main.ts'] }],
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
  },
  overrides: [
    { files: ['bin/**'], rules: { 'no-restricted-imports': 'off' } },
    {
      // Only the rooms made for it touch the process and the kernel's files.
      files: ['src/**'],
      excludedFiles: ['src/world.ts'],
      rules: {
        'no-restricted-properties': [
          'error',
          { object: 'process', property: 'env', message: 'the environment is handed in (World)' },
          { object: 'process', property: 'argv', message: 'the arguments are handed in (World)' },
        ],
      },
    },
  ],
};
