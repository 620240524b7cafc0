// For the far end of a veth pair: without an XDP program there, what XDP sends back does not arrive.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int xdp_pass(struct xdp_md *ctx) {
  return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
