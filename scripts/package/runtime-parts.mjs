// What is linked into the runtime, as its own statement says (packaging/runtime-licences/bun.md), and where its licence text is.

/**
 * Each library by the name the statement has for it. `texts`: files of packaging/runtime-licences. Libraries that are only on other systems (libuv, Tigerbeetle's) are not here.
 */
export const RUNTIME_PARTS = [
  { name: 'JavaScriptCore', licence: 'LGPL-2.0', texts: ['webkit', 'LGPL-2', 'LGPL-2.1'] },
  { name: 'boringssl', licence: 'OpenSSL, SSLeay, ISC and others', texts: ['boringssl'] },
  { name: 'brotli', licence: 'MIT', texts: ['brotli'] },
  { name: 'libarchive', licence: 'BSD-2-Clause and others', texts: ['libarchive'] },
  { name: 'lol-html', licence: 'BSD-3-Clause', texts: ['lol-html'] },
  { name: 'ls-hpack', licence: 'MIT, BSD-2-Clause', texts: ['ls-hpack', 'xxhash'] },
  { name: 'ls-qpack', licence: 'MIT', texts: ['ls-qpack'] },
  { name: 'lsquic', licence: 'MIT, BSD-3-Clause', texts: ['lsquic'] },
  { name: 'mimalloc', licence: 'MIT', texts: ['mimalloc'] },
  { name: 'picohttp', licence: 'MIT', texts: ['picohttpparser'] },
  { name: 'zstd', licence: 'BSD-3-Clause', texts: ['zstd'] },
  { name: 'simdutf', licence: 'Apache-2.0', texts: ['simdutf', 'Apache-2.0'] },
  { name: 'tinycc', licence: 'LGPL-2.1', texts: ['tinycc', 'LGPL-2.1'] },
  { name: 'uSockets', licence: 'Apache-2.0', texts: ['Apache-2.0'] },
  { name: 'zlib-ng', licence: 'Zlib', texts: ['zlib-ng'] },
  { name: 'c-ares', licence: 'MIT', texts: ['c-ares'] },
  { name: 'libicu', licence: 'Unicode-3.0', texts: ['icu'] },
  { name: 'libbase64', licence: 'BSD-2-Clause', texts: ['base64'] },
  { name: 'libdeflate', licence: 'MIT', texts: ['libdeflate'] },
  { name: 'libjpeg-turbo', licence: 'BSD-3-Clause, IJG, Zlib', texts: ['libjpeg-turbo'] },
  { name: 'libspng', licence: 'BSD-2-Clause, libpng-2.0', texts: ['libspng'] },
  { name: 'libwebp', licence: 'BSD-3-Clause', texts: ['libwebp'] },
  { name: 'highway', licence: 'Apache-2.0', texts: ['highway', 'Apache-2.0'] },
  { name: 'HdrHistogram_c', licence: 'CC0-1.0', texts: ['CC0-1.0'] },
  { name: 'sqlite', licence: 'public domain', texts: ['sqlite'] },
  { name: 'uWebsockets', licence: 'Apache-2.0', texts: ['Apache-2.0'] },
];

/** Parts of the statement that are not in a runtime for Linux. */
export const OF_OTHER_SYSTEMS = ['libuv', "Tigerbeetle's IO code"];
