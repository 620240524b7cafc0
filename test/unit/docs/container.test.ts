import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as v from 'valibot';
import { read } from '../../../scripts/docs/generated.ts';
import { parseInvocation } from '../../../src/cli/options.ts';

const page = read('docs/container.md');
const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
const run = /^\$ (docker run .*)$/m.exec(page)?.[1] ?? '';

const volume = v.object({ name: v.string(), hostPath: v.object({ path: v.string() }) });
const mount = v.object({ name: v.string(), mountPath: v.string(), readOnly: v.optional(v.boolean(), false) });
const labels = v.record(v.string(), v.string());
const daemonSet = v.object({
  apiVersion: v.literal('apps/v1'),
  kind: v.literal('DaemonSet'),
  spec: v.object({
    selector: v.object({ matchLabels: labels }),
    template: v.object({
      metadata: v.object({ labels }),
      spec: v.object({
        hostNetwork: v.literal(true),
        hostPID: v.literal(true),
        nodeSelector: labels,
        terminationGracePeriodSeconds: v.number(),
        containers: v.tuple([
          v.object({
            args: v.array(v.string()),
            securityContext: v.object({
              capabilities: v.object({ drop: v.array(v.string()), add: v.array(v.string()) }),
              procMount: v.literal('Unmasked'),
            }),
            volumeMounts: v.array(mount),
          }),
        ]),
        volumes: v.array(volume),
      }),
    }),
  }),
});

/** What follows each of these flags in the line of docker run. */
const given = (flag: string): string[] =>
  [...run.matchAll(new RegExp(`${flag} (\\S+)`, 'g'))].map(([, value = '']) => value);

describe('the DaemonSet of docs/container.md', () => {
  const { selector, template } = v.parse(daemonSet, parse(yaml)).spec;
  const [container] = template.spec.containers;

  it('selects its own pods', () => {
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
  });

  it('mounts the volumes that it has, where docker run mounts them, as writable as there', () => {
    const paths = new Map(template.spec.volumes.map(({ name, hostPath }) => [name, hostPath.path]));
    expect([...paths.keys()].sort()).toEqual(container.volumeMounts.map(({ name }) => name).sort());
    const mounts = container.volumeMounts.map(
      ({ name, mountPath, readOnly }) => `${paths.get(name) ?? '?'}:${mountPath}${readOnly ? ':ro' : ''}`,
    );
    expect(mounts.sort()).toEqual(given('-v').sort());
  });

  it('has the capabilities of docker run', () => {
    const { add, drop } = container.securityContext.capabilities;
    expect(drop).toEqual(given('--cap-drop'));
    expect(add).toEqual(given('--cap-add'));
  });

  it('starts a launch with flags that there are, and gives it longer than -shutdown_delay to end', () => {
    const invocation = parseInvocation(container.args, {});
    if (invocation.kind !== 'launch') throw new Error(`no launch but ${invocation.kind}`);
    expect(invocation.options).toMatchObject({ run: true, affinitize: true });
    const seconds = invocation.options.shutdown_delay / 1000;
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(seconds + 10);
  });
});

it('the line of docker run starts a launch with flags that there are', () => {
  const [, words = ''] = / start-katran (-.*)$/.exec(run) ?? [];
  expect(parseInvocation(words.split(' '), {})).toMatchObject({ kind: 'launch', options: { run: true } });
});
