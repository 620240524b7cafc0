// The double's balancer: what katran's does for a packet of a VIP, at its simplest. Looks the destination up among the
// VIPs, picks a real of it by the hash of the flow, puts an outer IPv4 or IPv6 header around the packet and sends it back
// out of the interface to the MAC that was pushed. All else is passed on. The maps are filled by forwarding.ts.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_VIPS 512
#define RING_SLOTS 64
#define FLOWS 100000
#define LRU_COUNTER MAX_VIPS
#define LRU_MISS_COUNTER (MAX_VIPS + 1)
#define DROP_IF(condition) if (condition) return XDP_DROP

struct vip {
  __u8 address[16];
  __u16 port;
  __u8 protocol;
  __u8 unused;
};

struct vip_meta {
  __u32 number;
  __u32 slots; // of its ring that are filled; 0: no reals
};

struct real {
  __u8 address[16];
  __u8 is_ipv6;
  __u8 unused[3];
};

struct flow {
  __u8 source[16];
  __u8 destination[16];
  __u16 source_port;
  __u16 destination_port;
  __u32 protocol;
};

struct counter {
  __u64 v1;
  __u64 v2;
};

// Key 0: the MAC, in the first six bytes, as katran keeps it.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 16);
  __type(key, __u32);
  __type(value, __u64);
} ctl_array SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MAX_VIPS);
  __type(key, struct vip);
  __type(value, struct vip_meta);
} vip_map SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MAX_VIPS * RING_SLOTS);
  __type(key, __u32);
  __type(value, struct real);
} ch_rings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, FLOWS);
  __type(key, struct flow);
  __type(value, struct real);
} katran_lru SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MAX_VIPS + 2);
  __type(key, __u32);
  __type(value, struct counter);
} stats SEC(".maps");

static __always_inline void count(__u32 key, __u64 v1, __u64 v2) {
  struct counter *counter = bpf_map_lookup_elem(&stats, &key);
  if (!counter) return;
  __sync_fetch_and_add(&counter->v1, v1);
  __sync_fetch_and_add(&counter->v2, v2);
}

static __always_inline __u32 hash_of(const struct flow *flow) {
  const __u32 *words = (const __u32 *)flow;
  __u32 hash = 2166136261u;
#pragma unroll
  for (int i = 0; i < (int)(sizeof(struct flow) / 4); i++) hash = (hash ^ words[i]) * 16777619u;
  return hash ^ (hash >> 16);
}

// The real that the flow has, or gets now; false for a VIP without reals.
static __always_inline bool real_of(const struct flow *flow, const struct vip_meta *vip, bool syn, struct real *chosen) {
  count(LRU_COUNTER, 1, 0);
  struct real *known = bpf_map_lookup_elem(&katran_lru, flow);
  if (known && vip->slots > 0) {
    *chosen = *known;
    return true;
  }
  if (vip->slots == 0) return false;
  count(LRU_COUNTER, 0, 1);
  if (flow->protocol == IPPROTO_TCP) count(LRU_MISS_COUNTER, syn, !syn);
  __u32 slot = vip->number * RING_SLOTS + hash_of(flow) % vip->slots;
  struct real *real = bpf_map_lookup_elem(&ch_rings, &slot);
  if (!real) return false;
  *chosen = *real;
  bpf_map_update_elem(&katran_lru, flow, chosen, BPF_ANY);
  return true;
}

static __always_inline __u16 checksum_of(const struct iphdr *header) {
  const __u16 *words = (const __u16 *)header;
  __u32 sum = 0;
#pragma unroll
  for (int i = 0; i < (int)(sizeof(*header) / 2); i++) sum += words[i];
  sum = (sum & 0xffff) + (sum >> 16);
  sum += sum >> 16;
  return ~sum;
}

// The outer headers, in the room that was made before the inner one.
static __always_inline int encapsulate(struct xdp_md *ctx, const struct real *real, bool inner_is_ipv6, __u16 length,
                                       const struct flow *flow) {
  __u32 zero = 0;
  __u64 *mac = bpf_map_lookup_elem(&ctl_array, &zero);
  DROP_IF(!mac);
  __u8 own[ETH_ALEN];
  struct ethhdr *ethernet = (void *)(long)ctx->data;
  DROP_IF((void *)(ethernet + 1) > (void *)(long)ctx->data_end);
  __builtin_memcpy(own, ethernet->h_dest, ETH_ALEN);
  int room = real->is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
  DROP_IF(bpf_xdp_adjust_head(ctx, -room));
  void *end = (void *)(long)ctx->data_end;
  ethernet = (void *)(long)ctx->data;
  DROP_IF((void *)(ethernet + 1) > end);
  __builtin_memcpy(ethernet->h_dest, mac, ETH_ALEN);
  __builtin_memcpy(ethernet->h_source, own, ETH_ALEN);
  __u8 protocol = inner_is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
  if (real->is_ipv6) {
    struct ipv6hdr *outer = (void *)(ethernet + 1);
    DROP_IF((void *)(outer + 1) > end);
    ethernet->h_proto = bpf_htons(ETH_P_IPV6);
    __builtin_memset(outer, 0, sizeof(*outer));
    outer->version = 6;
    outer->payload_len = bpf_htons(length);
    outer->nexthdr = protocol;
    outer->hop_limit = 64;
    outer->saddr.s6_addr[1] = 0x01; // 100::/64, the discard prefix, as katran's older sources have it
    outer->saddr.s6_addr16[7] = flow->source_port;
    __builtin_memcpy(&outer->daddr, real->address, 16);
    return XDP_TX;
  }
  struct iphdr *outer = (void *)(ethernet + 1);
  DROP_IF((void *)(outer + 1) > end);
  ethernet->h_proto = bpf_htons(ETH_P_IP);
  __builtin_memset(outer, 0, sizeof(*outer));
  outer->version = 4;
  outer->ihl = 5;
  outer->tot_len = bpf_htons(length + sizeof(*outer));
  outer->protocol = protocol;
  outer->ttl = 64;
  outer->saddr = bpf_htonl(0xac100000 | bpf_ntohs(flow->source_port)); // 172.16.x.y by the source port, as katran does
  __builtin_memcpy(&outer->daddr, real->address, 4);
  outer->check = checksum_of(outer);
  return XDP_TX;
}

SEC("xdp")
int balancer_ingress(struct xdp_md *ctx) {
  void *end = (void *)(long)ctx->data_end;
  struct ethhdr *ethernet = (void *)(long)ctx->data;
  if ((void *)(ethernet + 1) > end) return XDP_PASS;
  struct flow flow = {};
  void *transport;
  __u16 inner_length; // of the whole inner packet
  __u16 counted; // what katran counts as its bytes: IPv6 without the header
  bool is_ipv6 = ethernet->h_proto == bpf_htons(ETH_P_IPV6);
  if (is_ipv6) {
    struct ipv6hdr *header = (void *)(ethernet + 1);
    if ((void *)(header + 1) > end) return XDP_PASS;
    __builtin_memcpy(flow.source, &header->saddr, 16);
    __builtin_memcpy(flow.destination, &header->daddr, 16);
    flow.protocol = header->nexthdr;
    counted = bpf_ntohs(header->payload_len);
    inner_length = counted + sizeof(*header);
    transport = header + 1;
  } else if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
    struct iphdr *header = (void *)(ethernet + 1);
    if ((void *)(header + 1) > end || header->ihl != 5) return XDP_PASS;
    __builtin_memcpy(flow.source, &header->saddr, 4);
    __builtin_memcpy(flow.destination, &header->daddr, 4);
    flow.protocol = header->protocol;
    counted = inner_length = bpf_ntohs(header->tot_len);
    transport = header + 1;
  } else {
    return XDP_PASS;
  }
  bool syn = false;
  if (flow.protocol == IPPROTO_TCP) {
    struct tcphdr *tcp = transport;
    if ((void *)(tcp + 1) > end) return XDP_PASS;
    syn = tcp->syn;
    flow.source_port = tcp->source;
    flow.destination_port = tcp->dest;
  } else if (flow.protocol == IPPROTO_UDP) {
    struct udphdr *udp = transport;
    if ((void *)(udp + 1) > end) return XDP_PASS;
    flow.source_port = udp->source;
    flow.destination_port = udp->dest;
  } else {
    return XDP_PASS;
  }
  struct vip key = {.port = flow.destination_port, .protocol = flow.protocol};
  __builtin_memcpy(key.address, flow.destination, 16);
  struct vip_meta *vip = bpf_map_lookup_elem(&vip_map, &key);
  if (!vip) {
    key.port = 0; // a VIP for every port
    vip = bpf_map_lookup_elem(&vip_map, &key);
  }
  if (!vip) return XDP_PASS;
  struct real real = {};
  DROP_IF(!real_of(&flow, vip, syn, &real));
  count(vip->number, 1, counted);
  return encapsulate(ctx, &real, is_ipv6, inner_length, &flow);
}

char _license[] SEC("license") = "Dual MIT/GPL";
