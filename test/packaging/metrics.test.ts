import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import { ARTIFACTS, scratch } from '../support/launcher.ts';
import { stageLaunch, type StagedLaunch } from '../support/staged-launch.ts';

const page = fs.readFileSync(fileURLToPath(new URL('../../docs/metrics.md', import.meta.url)), 'utf8');
const whyNot = spawnSync('promtool', ['--version']).error === undefined ? undefined : 'needs promtool';

function promtool(args: readonly string[], input = ''): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

describeUnless(whyNot, "promtool's opinion", () => {
  const place = scratch();
  const rules = path.join(place.path, 'rules.yml');
  beforeAll(() => fs.writeFileSync(rules, /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''));
  afterAll(() => place.remove());

  it('of the alerts: they are three, and valid', () => {
    const { status, output } = promtool(['check', 'rules', rules]);
    expect(status, output).toBe(0);
    expect(output).toContain('3 rules found');
  });

  it('of the queries of the dashboard: each is one', () => {
    const queries = [...page.matchAll(/`([^`\n]*start_katran_[^`\n]*[()][^`\n]*)`/g)].map(
      (match) => match[1] ?? '',
    );
    expect(queries.length).toBeGreaterThan(8);
    const recorded = queries.map((expr, i) => ({ record: `query:${i}`, expr }));
    const file = path.join(place.path, 'queries.json');
    fs.writeFileSync(file, JSON.stringify({ groups: [{ name: 'queries', rules: recorded }] }));
    const { status, output } = promtool(['check', 'rules', file]);
    expect(status, output).toBe(0);
  });

  it('of when they fire: when katran is down or its file is old, does not forward, or packets are elsewhere; and else not', () => {
    const series = (name: string, values: string) => ({ series: name, values });
    const intf = '{instance="lb",intf="eth0"}';
    const alerts = ['KatranDown', 'KatranNotForwarding', 'KatranOffItsCores'];
    const cases: [fires: string | undefined, changed: Record<string, string>][] = [
      [undefined, {}],
      ['KatranDown', { up: '0x60' }],
      ['KatranDown', { mtime: '0x60' }],
      ['KatranNotForwarding', { forwarding: '0x60' }],
      ['KatranNotForwarding', { seen: '0x60' }],
      ['KatranOffItsCores', { fallback: '0+100x60' }],
      ['KatranOffItsCores', { differences: '1x60' }],
    ];
    const now = '0+60x60';
    const tests = cases.map(([fires, changed]) => ({
      interval: '1m',
      input_series: [
        series(`start_katran_up${intf}`, changed['up'] ?? '1x60'),
        series(`start_katran_forwarding${intf}`, changed['forwarding'] ?? '1x60'),
        series(`start_katran_gateway_last_seen_seconds${intf}`, changed['seen'] ?? now),
        series(`start_katran_fallback_packets_total${intf}`, changed['fallback'] ?? '7x60'),
        series(`start_katran_plan_differences${intf}`, changed['differences'] ?? '0x60'),
        series('node_textfile_mtime_seconds{instance="lb",file="/x/katran.prom"}', changed['mtime'] ?? now),
      ],
      // Whether it fires at all, whatever its labels are.
      promql_expr_test: alerts.map((alert) => ({
        expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
        eval_time: '30m',
        exp_samples: [{ labels: '{}', value: alert === fires ? 1 : 0 }],
      })),
    }));
    const file = path.join(place.path, 'tests.json');
    fs.writeFileSync(file, JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests }));
    const { status, output } = promtool(['test', 'rules', file]);
    expect(status, output).toBe(0);
  });

  describe.each(ARTIFACTS)('of the file that $name writes', (artifact) => {
    let staged: StagedLaunch;
    beforeAll(async () => {
      staged = await stageLaunch();
    });
    afterAll(() => staged.remove());

    it('while katran is up and after the end: nothing to complain about', async () => {
      const file = path.join(staged.sysroot, 'katran.prom');
      const launcher = staged.launch(artifact, ['-metrics_file', file]);
      await launcher.isUp();
      await expect
        .poll(() => fs.readFileSync(file, 'utf8'), { timeout: 30_000 })
        .toContain('start_katran_up{intf="eth0"} 1\n');
      expect(promtool(['check', 'metrics'], fs.readFileSync(file, 'utf8'))).toEqual({
        status: 0,
        output: '',
      });
      expect((await launcher.stop()).status).toBe(0);
      const last = fs.readFileSync(file, 'utf8');
      expect(last).toContain('start_katran_up{intf="eth0"} 0\n');
      expect(last).toContain('start_katran_katran_starts_total{intf="eth0"} 1\n');
      expect(promtool(['check', 'metrics'], last)).toEqual({ status: 0, output: '' });
    });
  });
});
