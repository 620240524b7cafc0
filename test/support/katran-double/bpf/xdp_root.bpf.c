// The root program of shared mode: the first of three slots that is filled gets every packet.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SLOTS 3

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, SLOTS);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} root_array SEC(".maps");

SEC("xdp")
int xdp_root(struct xdp_md *ctx) {
#pragma unroll
  for (__u32 slot = 0; slot < SLOTS; slot++) bpf_tail_call(ctx, &root_array, slot);
  return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
