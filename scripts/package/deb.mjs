// The Debian package of each architecture, by dpkg-shlibdeps, dpkg-gencontrol's fields and dpkg-deb.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { thirdPartyLicences } from './licences.mjs';
import { ARCHITECTURES, at, fail, latestRelease, output, put, read, repository, run } from './project.mjs';
import { unitFiles } from './units.mjs';

// Debian's own variables name whoever builds a package.
const { DEBFULLNAME = 'start-katran contributors', DEBEMAIL = 'start-katran@localhost' } = process.env;
const MAINTAINER = `${DEBFULLNAME} <${DEBEMAIL}>`;
const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm'];

/** gzip -9n: no name, no time. */
const gzip = (text) => gzipSync(text, { level: 9 });

function debianChangelog({ version, time }) {
  const date = time.toUTCString().replace('GMT', '+0000');
  return [
    `start-katran (${version}-1) unstable; urgency=medium`,
    '',
    '  * New release; what changed is in changelog.gz.',
    '',
    ` -- ${MAINTAINER}  ${date}`,
    '',
  ].join('\n');
}

/** Shared libraries as dpkg-shlibdeps finds them. */
function librariesHere(binary) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-shlibs-'));
  try {
    put(
      path.join(scratch, 'debian/control'),
      'Source: start-katran\n\nPackage: start-katran\nArchitecture: amd64\n',
    );
    const found = run(['dpkg-shlibdeps', '-O', binary], { cwd: scratch });
    return found.trim().replace(/^shlibs:Depends=/, '');
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

const OF_LIBC6 = /^(ld-linux-.*|lib(c|m|dl|pthread|rt|util|resolv))\.so\.\d+$/;

/** The same for another architecture, whose libraries are not installed here: by the versions of glibc that the binary asks for. */
function librariesElsewhere(binary) {
  const needed = [...run(['readelf', '-dW', binary]).matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(
    ([, name]) => name,
  );
  const strange = needed.filter((name) => !OF_LIBC6.test(name));
  if (strange.length > 0) fail(`${binary} needs ${strange.join(', ')}, which libc6 does not have`);
  const asked = run(['readelf', '-VW', binary]).matchAll(/Name: GLIBC_(\d+)\.(\d+)/g);
  const newest = [...asked].map(([, major, minor]) => [Number(major), Number(minor)]);
  newest.sort(([a, b], [c, d]) => c - a || d - b);
  return `libc6 (>= ${newest[0].join('.')})`;
}

function control({ version }, installedKiB, { architecture, binary }) {
  const libraries = architecture === 'amd64' ? librariesHere(binary) : librariesElsewhere(binary);
  const place = repository();
  return [
    'Package: start-katran',
    `Version: ${version}-1`,
    'Section: net',
    'Priority: optional',
    `Architecture: ${architecture}`,
    `Maintainer: ${MAINTAINER}`,
    ...(place === undefined
      ? []
      : [`Homepage: ${place.url}`, `Vcs-Git: ${place.git}`, `Vcs-Browser: ${place.url}`]),
    `Installed-Size: ${installedKiB}`,
    `Depends: ${libraries}, init-system-helpers (>= 1.54)`,
    'Recommends: iproute2, systemd',
    'Suggests: bpftool, ethtool',
    'Description: launcher for the katran layer-4 load balancer',
    " Pins the network card's receive interrupts to CPUs, finds the MAC address of",
    ' the gateway, starts katran_server_grpc, waits until it answers, and supervises',
    ' it: follows the gateway, guards the interrupt masks and passes signals on.',
    ' .',
    ' katran_server_grpc and its BPF objects are not part of this package.',
    '',
  ].join('\n');
}

function installFiles(root, release, architecture) {
  const { artifact } = ARCHITECTURES[architecture];
  const binary = path.join(root, 'usr/bin/start-katran');
  put(binary, fs.readFileSync(at('dist', artifact)), 0o755);
  for (const [unit, text] of Object.entries(unitFiles())) {
    put(path.join(root, 'usr/lib/systemd/system', unit), text);
  }
  const preset = '80-start-katran.preset';
  put(path.join(root, 'usr/lib/systemd/system-preset', preset), read(`packaging/systemd/${preset}`));
  const completions = {
    bash: 'usr/share/bash-completion/completions/start-katran',
    zsh: 'usr/share/zsh/vendor-completions/_start-katran',
    fish: 'usr/share/fish/vendor_completions.d/start-katran.fish',
  };
  for (const [shell, file] of Object.entries(completions)) {
    put(path.join(root, file), run([at('dist/start-katran'), 'completion', shell]));
  }
  put(path.join(root, 'usr/share/man/man8/start-katran.8.gz'), gzip(read('packaging/start-katran.8')));
  const doc = path.join(root, 'usr/share/doc/start-katran');
  put(path.join(doc, 'copyright'), read('packaging/debian/copyright'));
  put(path.join(doc, 'third-party-licenses.gz'), gzip(thirdPartyLicences({ artifact, architecture })));
  put(path.join(doc, 'changelog.gz'), gzip(read('CHANGELOG.md')));
  put(path.join(doc, 'changelog.Debian.gz'), gzip(debianChangelog(release)));
  put(path.join(doc, 'README.md'), read('README.md'));
  put(path.join(doc, 'services.schema.json'), read('packaging/services.schema.json'));
  // No conffile: its absence says that nothing is configured, and an upgrade never asks about it.
  put(path.join(doc, 'flags.example'), read('packaging/flags'));
  for (const example of fs.readdirSync(at('packaging/systemd/examples'))) {
    put(path.join(doc, 'examples', example), read(`packaging/systemd/examples/${example}`));
  }
  for (const page of fs.readdirSync(at('docs'), { recursive: true })) {
    if (/\.(md|txt)$/.test(page)) put(path.join(doc, 'docs', page), read(`docs/${page}`));
  }
  put(
    path.join(root, 'usr/share/lintian/overrides/start-katran'),
    read('packaging/debian/lintian-overrides'),
  );
  return binary;
}

function regularFiles(root, below = '') {
  return fs.readdirSync(path.join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(below, entry.name);
    return entry.isDirectory() ? regularFiles(root, file) : [file];
  });
}

/** Stages dist/deb-ARCHITECTURE and builds the package of it. Gives its path. */
export function packDeb(architecture) {
  const release = latestRelease();
  const epoch = String(release.time.getTime() / 1000);
  const root = at(`dist/deb-${architecture}`);
  fs.rmSync(root, { recursive: true, force: true });
  const binary = installFiles(root, release, architecture);
  const files = regularFiles(root).sort();
  const bytes = files.reduce((sum, file) => sum + fs.statSync(path.join(root, file)).size, 0);
  const sums = run(['md5sum', ...files], { cwd: root });
  put(path.join(root, 'DEBIAN/control'), control(release, Math.ceil(bytes / 1024), { architecture, binary }));
  put(path.join(root, 'DEBIAN/md5sums'), sums);
  for (const name of SCRIPTS) put(path.join(root, 'DEBIAN', name), read(`packaging/debian/${name}`), 0o755);
  run(['chmod', '-R', 'go=rX', root]);
  run(['find', root, '-exec', 'touch', '-h', '-d', `@${epoch}`, '{}', '+']);
  const target = path.join(output, `start-katran_${release.version}-1_${architecture}.deb`);
  // -z1: most of it is a runtime that -z6 makes a tenth smaller in four times the time.
  run(['dpkg-deb', '--root-owner-group', '-Zxz', '-z1', '--build', root, target], {
    env: { ...process.env, SOURCE_DATE_EPOCH: epoch },
  });
  return target;
}
