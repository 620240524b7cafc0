import fs from 'node:fs';

/**
 * Modules of the runtime that a package loads for what this program never asks of it. In the artifacts they are loaded where they are used, which is
 * nowhere on the program's way: each takes time and memory.
 */
const LOADED_WHEN_USED = [
  // Commands that are executables of their own.
  { file: 'commander/lib/command.js', name: 'childProcess', module: 'node:child_process' },
  // Proxies, which the channel to katran is told not to use.
  { file: '@grpc/grpc-js/build/src/http_proxy.js', name: 'http', module: 'http' },
  // Compressed messages.
  { file: '@grpc/grpc-js/build/src/compression-filter.js', name: 'zlib', module: 'zlib' },
  { file: '@grpc/grpc-js/build/src/server-interceptors.js', name: 'zlib', module: 'zlib' },
] as const;

/**
 * What @grpc/proto-loader makes for servers that describe themselves: each message as a message, by Google's own descriptions of descriptions. A client
 * asks for none of it, and has 1.3 MiB less without.
 */
const LEFT_OUT = {
  'protobufjs/ext/descriptor/index.js': `
    const { Root, Type, Enum } = require('../..');
    const description = { $type: { toObject: () => ({}) } };
    Root.prototype.toDescriptor = () => ({ file: [] });
    Type.prototype.toDescriptor = Enum.prototype.toDescriptor = () => description;
  `,
  ...Object.fromEntries(
    ['api', 'descriptor', 'source_context', 'type'].map((name) => [
      `protobufjs/google/protobuf/${name}.json`,
      'module.exports = { nested: { google: { nested: { protobuf: { nested: {} } } } } };',
    ]),
  ),
};

/** The text of a package's file with that module loaded where it is used. Throws when the file does not load it as it did. */
function loadedWhenUsed(text: string, { file, name, module }: (typeof LOADED_WHEN_USED)[number]): string {
  const load = new RegExp(`^const ${name} = require\\((['"])${module}\\1\\);$`, 'm');
  const uses = new RegExp(`\\b${name}\\.(?=\\w+\\()`, 'g');
  const without = text.replace(load, '');
  const lighter = without.replace(uses, `require('${module}').`);
  const other = new RegExp(`\\b${name}\\.`).test(lighter);
  if (without === text || lighter === without || other)
    throw new Error(`${file} does not load ${module} as it did`);
  return lighter;
}

/** Leaves out of packages what a run would only load. `unseen` tells of which of these files nothing was in the build: their packages have changed. */
export function lighterPackages(): {
  readonly plugin: Bun.BundlerPlugin;
  readonly unseen: ReadonlySet<string>;
} {
  const unseen = new Set<string>();
  const setup: Bun.BundlerPlugin['setup'] = (bundler) => {
    const replace = (file: string, lighter: (text: string) => string): void => {
      unseen.add(file);
      bundler.onLoad({ filter: new RegExp(`/node_modules/${file.replaceAll('.', '\\.')}$`) }, ({ path }) => {
        unseen.delete(file);
        return { contents: lighter(fs.readFileSync(path, 'utf8')), loader: 'js' };
      });
    };
    for (const row of LOADED_WHEN_USED) replace(row.file, (text) => loadedWhenUsed(text, row));
    for (const [file, contents] of Object.entries(LEFT_OUT)) replace(file, () => contents);
  };
  return { plugin: { name: 'lighter-packages', setup }, unseen };
}
