const named = (names, message) => names.map((name) => ({ name, message }));
const STARTED_IN_RUN = 'src/tools/run.ts starts processes';
const PROCESS_IS_HANDED_IN = 'what a run takes from its process is handed in (World)';
const CHILD_PROCESS = named(['child_process', 'node:child_process'], STARTED_IN_RUN);
const EXECA = named(['execa'], STARTED_IN_RUN);
const PROCESS = named(['process', 'node:process'], PROCESS_IS_HANDED_IN);
/** import() of a module, which no-restricted-imports does not see. */
const importOf = (name) => ({
  selector: `ImportExpression[source.value=/${name}/]`,
  message: STARTED_IN_RUN,
});

/** Kernel files are read below -sysroot, through src/linux/root.ts. */
const KERNEL_FILES = [
  'Literal[value=/^\\u002F(proc|sys)(\\u002F|$)/]',
  'TemplateLiteral > TemplateElement[value.raw=/^\\u002F(proc|sys)\\u002F/]',
].map((path) => ({
  selector: `CallExpression[callee.object.name="fs"] > ${path}`,
  message: 'only src/linux/root.ts opens /proc and /sys: ask the Root that is handed in',
}));

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
      // Only the files made for it touch the process, or start one.
      files: ['src/**'],
      rules: {
        'no-restricted-globals': ['error', { name: 'process', message: PROCESS_IS_HANDED_IN }],
        '@typescript-eslint/no-restricted-imports': [
          'error',
          { paths: [...CHILD_PROCESS, ...PROCESS, ...EXECA] },
        ],
        'no-restricted-syntax': [
          'error',
          importOf('^(node:)?child_process$'),
          importOf('^execa$'),
          ...KERNEL_FILES,
        ],
      },
    },
    {
      files: ['src/tools/run.ts'],
      rules: {
        '@typescript-eslint/no-restricted-imports': ['error', { paths: [...CHILD_PROCESS, ...PROCESS] }],
        'no-restricted-syntax': ['error', importOf('^(node:)?child_process$'), ...KERNEL_FILES],
      },
    },
    {
      files: ['src/linux/root.ts'],
      rules: {
        'no-restricted-syntax': ['error', importOf('^(node:)?child_process$'), importOf('^execa$')],
      },
    },
    {
      files: ['src/world.ts'],
      rules: {
        'no-restricted-globals': 'off',
        '@typescript-eslint/no-restricted-imports': ['error', { paths: [...CHILD_PROCESS, ...EXECA] }],
      },
    },
  ],
};
