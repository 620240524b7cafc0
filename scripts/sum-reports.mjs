// Adds up the JSON reports of vitest runs: `sum-reports.mjs DIRECTORY SUITE…`. Exit 1 when a test failed or was skipped, or when
// a suite is missing altogether.
import fs from 'node:fs';
import path from 'node:path';

const [directory, ...suites] = process.argv.slice(2);
const seen = new Set();
const counts = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const failed = [];
for (const file of fs.readdirSync(directory)) {
  const report = JSON.parse(fs.readFileSync(path.join(directory, file), 'utf8'));
  for (const { name, status, message, assertionResults } of report.testResults) {
    const suite = /\/test\/([^/]+)\//.exec(name)?.[1];
    seen.add(suite);
    if (status === 'failed' && assertionResults.length === 0) {
      counts.failed += 1;
      console.log(`failed to load: ${name}: ${message}`);
    }
    for (const test of assertionResults) {
      if (test.status === 'passed') counts.passed += 1;
      else if (test.status === 'failed') {
        counts.failed += 1;
        failed.push(`${suite}: ${test.fullName}\n${(test.failureMessages ?? []).join('\n').slice(0, 3000)}`);
      } else {
        counts.skipped += 1;
        skipped.push(`${suite}: ${test.fullName}`);
      }
    }
  }
}
const missing = suites.filter((suite) => !seen.has(suite));
for (const test of failed) console.log(`failed: ${test}`);
for (const name of skipped) console.log(`skipped: ${name}`);
for (const suite of missing) console.log(`the suite ${suite} did not run`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
if (counts.failed > 0 || counts.skipped > 0 || missing.length > 0 || counts.passed === 0)
  process.exitCode = 1;
