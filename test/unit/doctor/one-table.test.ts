import { expect, test } from 'vitest';
import { doctorPage } from '../../../scripts/docs/doctor-page.ts';
import { CHECKS } from '../../../src/doctor/checks/index.ts';
import { runChecks } from '../../../src/doctor/doctor.ts';
import { doctorJson } from '../../../src/doctor/json.ts';
import { reportText } from '../../../src/doctor/report-text.ts';
import { doctorText } from '../../../src/doctor/text.ts';
import { groupOf, GROUPS, ok } from '../../../src/doctor/types.ts';
import { screenFor } from '../../../src/terminal/screen.ts';
import { madeHost, removeHosts } from './healthy-host.ts';

const plain = screenFor({ isTerminal: false, columns: 80 }, {});

test('an id that is changed in the table is changed in the report, the JSON and the page', async () => {
  const renamed = groupOf('host', { 'renamed-check': ['asked for the test', () => ok('found')] });
  const host = madeHost();
  const results = await runChecks(host, renamed);
  removeHosts();
  expect(doctorText('title', results, plain)).toContain('renamed-check');
  expect(JSON.parse(doctorJson(null, results))).toMatchObject({ checks: [{ id: 'renamed-check' }] });
  expect(await reportText(host, [], results, plain)).toContain('renamed-check');
  expect(doctorPage(renamed)).toContain('| `renamed-check` | asked for the test |');
});

test('no two checks have one id, and every group has some', () => {
  expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
  expect(new Set(CHECKS.map(({ group }) => group))).toEqual(new Set(GROUPS));
});

test('what comes from outside is printable in text and JSON, and not longer than a screen', async () => {
  const evil = `\u001b]0;x\u0007\u202e\n${'a'.repeat(500_000)}`;
  const rows = groupOf('host', {
    evil: ['asked', () => ({ status: 'fail', found: evil, meaning: evil, fix: evil })],
  });
  const results = await runChecks(madeHost(), rows);
  removeHosts();
  const text = doctorText(
    'title',
    results,
    screenFor({ isTerminal: false, columns: 80 }, { LANG: 'C.UTF-8' }),
  );
  // eslint-disable-next-line no-control-regex -- they are what must not be there
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(text.length + doctorJson(null, results).length).toBeLessThan(20_000);
});
