// The double's healthchecking program: in its place where packets leave, and leaves every packet alone.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int healthcheck_encap(struct __sk_buff *packet) {
  return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual MIT/GPL";
