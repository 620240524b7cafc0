import { lookAtObject } from '../bpf-object.ts';
import { skipped, type Check } from '../types.ts';

export const balancerObject: Check = {
  id: 'balancer-bpf',
  group: 'BPF',
  purpose: "the file with katran's XDP program can be loaded",
  look: ({ options: { balancer_bpf: file } }) =>
    file === ''
      ? skipped(
          '-balancer_bpf is not given; give doctor the flags of the launch, or put them into /etc/start-katran/flags',
        )
      : lookAtObject(file, '-balancer_bpf'),
};
