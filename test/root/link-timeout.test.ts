import { afterEach, describe, expect, it } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import { ARTIFACTS, Running } from '../support/launcher.ts';
import { makeNamespace, removeNamespaces, whyNoNamespaces } from '../support/netns.ts';

describeUnless(whyNoNamespaces(), '-link_timeout, in a namespace whose interface comes late', () => {
  afterEach(() => removeNamespaces());

  describe.each(ARTIFACTS)('with $name', (artifact) => {
    const FLAGS = [
      ...['-run', '-link_timeout', '600000', '-intf', 'late0', '-forwarding_cores', '0'],
      ...['-default_mac', '02:00:00:00:00:01', '-binary', '/bin/true', '-balancer_bpf', '/bin/true'],
      ...['-services', '/nowhere/services.json'],
    ];

    it('a launch waits for the interface, then until it is up, and goes on', async () => {
      const namespace = makeNamespace('late');
      const launcher = new Running(artifact, FLAGS, namespace);
      await launcher.saysOnStderr(/waiting up to 600000 ms for interface late0 to exist/);
      namespace.ip('link add late0 type veth peer name late1');
      await launcher.saysOnStderr(/waiting up to 600000 ms for interface late0 to be up/);
      namespace.ip('link set late0 up');
      const { status, stderr } = await launcher.ended;
      expect(stderr).toMatch(/the interface is ready after \d+ ms/);
      // The next thing that is missing, to have an end.
      expect(stderr).toContain('there is no file of services /nowhere/services.json');
      expect(status).toBe(1);
    });

    it('a signal ends the waiting', async () => {
      const namespace = makeNamespace('late');
      const launcher = new Running(artifact, FLAGS, namespace);
      await launcher.saysOnStderr(/late0 to exist/);
      expect((await launcher.stop()).status).toBe(143);
    });
  });
});
