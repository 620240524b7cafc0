/*
 * Sends numbered packets to a VIP from the far end of a link, and counts by their numbers those that a load balancer sends
 * back encapsulated. Prints a line of JSON for each event, and a report at the end.
 *
 *   packets DEVICE DEVICE-MAC TO-MAC SOURCE VIP PORT udp|tcp PER-SECOND COUNT
 *
 * COUNT packets are sent, or fewer when SIGTERM or SIGINT comes. TCP packets are SYNs: each is a connection of its own.
 * The frames are made here, whole, so that neither routes nor neighbours of this end have a part in what is measured.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 5000000u
#define MACS 16
/* A sender that was kept from running does not send everything it missed at once: a veth's ring takes 256 packets. */
#define BURST 64
/* What every packet carries: the run it belongs to, and its number. */
struct load {
  uint64_t run;
  uint32_t number;
} __attribute__((packed));

struct outer {
  uint8_t mac[6];
  uint32_t packets, first;
};

static volatile sig_atomic_t stop;
static uint8_t *seen;
static uint32_t *sent_ms;
static struct outer outers[MACS];
static unsigned macs;
static uint32_t returned, duplicates, bare;
static uint64_t run;
static struct timespec begun;

static void on_signal(int number) {
  (void)number;
  stop = 1;
}

static void fail(const char *what) {
  fprintf(stderr, "packets: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double since_begin(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - begun.tv_sec) * 1e3 + (now.tv_nsec - begun.tv_nsec) / 1e6;
}

static void parse_mac(const char *text, uint8_t mac[6]) {
  if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6) {
    fprintf(stderr, "packets: %s is no MAC\n", text);
    exit(2);
  }
}

static void print_mac(const uint8_t m[6]) {
  printf("\"%02x:%02x:%02x:%02x:%02x:%02x\"", m[0], m[1], m[2], m[3], m[4], m[5]);
}

/* One's complement sum of RFC 1071, not yet folded. */
static uint32_t sum(const void *data, size_t length, uint32_t before) {
  const uint8_t *byte = data;
  for (size_t i = 0; i + 1 < length; i += 2) before += byte[i] << 8 | byte[i + 1];
  if (length & 1) before += byte[length - 1] << 8;
  return before;
}

static uint16_t fold(uint32_t total) {
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return htons((uint16_t)~total);
}

struct plan {
  int v6, tcp;
  uint16_t port;
  uint8_t source[16], vip[16], to[6], from[6];
};

static size_t make_frame(const struct plan *p, uint32_t number, uint8_t *frame) {
  struct ether_header *eth = (void *)frame;
  memcpy(eth->ether_dhost, p->to, 6);
  memcpy(eth->ether_shost, p->from, 6);
  eth->ether_type = htons(p->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
  uint8_t *l3 = frame + sizeof *eth;
  size_t l3_length = p->v6 ? sizeof(struct ip6_hdr) : sizeof(struct ip);
  size_t l4_length = p->tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr);
  uint8_t *l4 = l3 + l3_length;
  struct load *load = (void *)(l4 + l4_length);
  size_t payload = l4_length + sizeof *load;
  uint8_t protocol = p->tcp ? IPPROTO_TCP : IPPROTO_UDP;
  load->run = run;
  load->number = number;
  memset(l4, 0, l4_length);
  uint16_t source_port = htons((uint16_t)(1024 + number % 60000));
  uint16_t *check;
  if (p->tcp) {
    struct tcphdr *tcp = (void *)l4;
    tcp->th_sport = source_port;
    tcp->th_dport = htons(p->port);
    tcp->th_seq = htonl(number);
    tcp->th_off = sizeof *tcp / 4;
    tcp->th_flags = TH_SYN;
    tcp->th_win = htons(65535);
    check = &tcp->th_sum;
  } else {
    struct udphdr *udp = (void *)l4;
    udp->uh_sport = source_port;
    udp->uh_dport = htons(p->port);
    udp->uh_ulen = htons((uint16_t)payload);
    check = &udp->uh_sum;
  }
  size_t address = p->v6 ? 16 : 4;
  uint32_t pseudo = sum(p->source, address, sum(p->vip, address, protocol + (uint32_t)payload));
  *check = fold(sum(l4, payload, pseudo));
  if (p->v6) {
    struct ip6_hdr *ip6 = (void *)l3;
    memset(ip6, 0, sizeof *ip6);
    ip6->ip6_flow = htonl(6u << 28);
    ip6->ip6_plen = htons((uint16_t)payload);
    ip6->ip6_nxt = protocol;
    ip6->ip6_hlim = 64;
    memcpy(&ip6->ip6_src, p->source, 16);
    memcpy(&ip6->ip6_dst, p->vip, 16);
  } else {
    struct ip *ip = (void *)l3;
    memset(ip, 0, sizeof *ip);
    ip->ip_v = 4;
    ip->ip_hl = 5;
    ip->ip_len = htons((uint16_t)(sizeof *ip + payload));
    ip->ip_id = htons((uint16_t)number);
    ip->ip_ttl = 64;
    ip->ip_p = protocol;
    memcpy(&ip->ip_src, p->source, 4);
    memcpy(&ip->ip_dst, p->vip, 4);
    ip->ip_sum = fold(sum(ip, sizeof *ip, 0));
  }
  return sizeof *eth + l3_length + payload;
}

/* Where the inner IP header is; 0 when the frame is not IP in IP. Sets whether it is IPv6. */
static size_t inner_header(const uint8_t *frame, size_t length, int *v6) {
  uint16_t type = (uint16_t)(frame[12] << 8 | frame[13]);
  uint8_t next;
  size_t at;
  if (type == ETHERTYPE_IP && length >= 34) {
    at = 14 + (size_t)(frame[14] & 15) * 4;
    next = frame[14 + 9];
  } else if (type == ETHERTYPE_IPV6 && length >= 54) {
    at = 54;
    next = frame[14 + 6];
  } else {
    return 0;
  }
  if (next != IPPROTO_IPIP && next != IPPROTO_IPV6) return 0;
  *v6 = next == IPPROTO_IPV6;
  return at;
}

static int is_ours(const uint8_t *frame, size_t length, size_t at, int v6, int tcp, uint32_t *number) {
  size_t load_at = at + (v6 ? 40 : 20) + (tcp ? 20 : 8);
  struct load load;
  if (length < load_at + sizeof load) return 0;
  memcpy(&load, frame + load_at, sizeof load);
  if (load.run != run) return 0;
  *number = load.number;
  return 1;
}

static void count(const uint8_t *frame, size_t length, const struct plan *p, uint32_t sent) {
  int v6 = 0;
  uint32_t number;
  if (length < 14) return;
  size_t at = inner_header(frame, length, &v6);
  if (at == 0) {
    /* One of ours that came back as it was sent, with no load balancer's header around it. */
    if (is_ours(frame, length, 14, p->v6, p->tcp, &number)) bare++;
    return;
  }
  if (v6 != p->v6 || !is_ours(frame, length, at, v6, p->tcp, &number) || number >= sent) return;
  if (seen[number]) {
    duplicates++;
    return;
  }
  seen[number] = 1;
  if (returned++ == 0) {
    printf("{\"event\":\"first\",\"number\":%u,\"ms\":%.0f}\n", number, since_begin());
    fflush(stdout);
  }
  unsigned i = 0;
  while (i < macs && memcmp(outers[i].mac, frame, 6) != 0) i++;
  if (i == MACS) return;
  if (i == macs) {
    memcpy(outers[macs++].mac, frame, 6);
    outers[i].first = number;
    printf("{\"event\":\"mac\",\"mac\":");
    print_mac(frame);
    printf(",\"number\":%u}\n", number);
    fflush(stdout);
  }
  outers[i].packets++;
}

/* Everything that has come; waits for more at most so many ms. */
static void receive(int socket, const struct plan *p, uint32_t sent, int wait_ms) {
  static uint8_t frame[2048];
  struct pollfd poll_on = {.fd = socket, .events = POLLIN};
  if (poll(&poll_on, 1, wait_ms) <= 0) return;
  for (;;) {
    struct sockaddr_ll from;
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(socket, frame, sizeof frame, MSG_DONTWAIT, (void *)&from, &size);
    if (length < 0) return;
    if (from.sll_pkttype != PACKET_OUTGOING) count(frame, (size_t)length, p, sent);
  }
}

static void report(uint32_t sent, double duration, double longest_pause) {
  printf("{\"event\":\"report\",\"sent\":%u,\"returned\":%u,\"duplicates\":%u,\"bare\":%u", sent, returned, duplicates,
         bare);
  printf(",\"perSecond\":%.1f,\"longestPauseMs\":%.1f,\"lost\":[", duration > 0 ? sent / duration * 1e3 : 0,
         longest_pause);
  int first = 1;
  for (uint32_t i = 0; i < sent; i++) {
    if (seen[i]) continue;
    uint32_t end = i;
    while (end < sent && !seen[end]) end++;
    /* A gap lasts from the first packet that is missing to the first that is not. */
    double ms = (end < sent ? sent_ms[end] : duration) - sent_ms[i];
    printf("%s{\"from\":%u,\"to\":%u,\"ms\":%.0f}", first ? "" : ",", i, end - 1, ms);
    first = 0;
    i = end;
  }
  printf("],\"outerMacs\":[");
  for (unsigned i = 0; i < macs; i++) {
    printf("%s{\"mac\":", i ? "," : "");
    print_mac(outers[i].mac);
    printf(",\"packets\":%u,\"first\":%u}", outers[i].packets, outers[i].first);
  }
  printf("]}\n");
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 11) {
    fprintf(stderr,
            "usage: packets DEVICE DEVICE-MAC TO-MAC SOURCE VIP PORT udp|tcp PER-SECOND COUNT STRAGGLERS-MS\n");
    return 2;
  }
  struct plan p = {0};
  parse_mac(argv[2], p.from);
  parse_mac(argv[3], p.to);
  p.v6 = strchr(argv[5], ':') != NULL;
  int family = p.v6 ? AF_INET6 : AF_INET;
  if (inet_pton(family, argv[4], p.source) != 1 || inet_pton(family, argv[5], p.vip) != 1) {
    fprintf(stderr, "packets: %s and %s are not addresses of one family\n", argv[4], argv[5]);
    return 2;
  }
  p.port = (uint16_t)atoi(argv[6]);
  p.tcp = strcmp(argv[7], "tcp") == 0;
  double per_second = atof(argv[8]);
  uint32_t total = (uint32_t)strtoul(argv[9], NULL, 10);
  double stragglers_ms = atof(argv[10]);
  if (per_second <= 0 || total == 0 || total > MOST) {
    fprintf(stderr, "packets: PER-SECOND above 0, COUNT from 1 to %u\n", MOST);
    return 2;
  }
  seen = calloc(total, 1);
  sent_ms = calloc(total, sizeof *sent_ms);
  if (!seen || !sent_ms) fail("memory");

  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);

  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
  if (fd < 0) fail("a packet socket");
  int buffer = 64 << 20;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) < 0) fail("SO_RCVBUFFORCE");
  struct sockaddr_ll link = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(argv[1])};
  if (link.sll_ifindex == 0) fail(argv[1]);
  if (bind(fd, (void *)&link, sizeof link) < 0) fail("bind");

  clock_gettime(CLOCK_MONOTONIC, &begun);
  run = (uint64_t)begun.tv_sec << 32 ^ (uint64_t)begun.tv_nsec ^ (uint64_t)getpid() << 40;
  printf("{\"event\":\"sending\"}\n");
  fflush(stdout);

  uint8_t frame[256];
  uint32_t sent = 0;
  double due = 0, last = 0, longest = 0, interval = 1e3 / per_second;
  while (sent < total && !stop) {
    double now = since_begin();
    for (int burst = 0; burst < BURST && sent < total && due <= now; burst++) {
      size_t length = make_frame(&p, sent, frame);
      double at = since_begin();
      if (at - last > longest) longest = at - last;
      last = at;
      sent_ms[sent] = (uint32_t)at;
      if (send(fd, frame, length, 0) < 0) {
        if (errno != ENOBUFS && errno != EAGAIN) fail("send");
        break;
      }
      sent++;
      due += interval;
    }
    if (due < now) due = now;
    double rest = due - since_begin();
    receive(fd, &p, sent, rest > 1 ? (int)rest : 0);
    rest = due - since_begin();
    if (rest > 0) {
      struct timespec nap = {.tv_nsec = (long)(rest * 1e6)};
      if (rest < 1000) nanosleep(&nap, NULL);
    }
  }
  double duration = since_begin();
  while (returned < sent && since_begin() - duration < stragglers_ms) receive(fd, &p, sent, 50);
  report(sent, duration, longest);
  return 0;
}
