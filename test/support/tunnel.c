// tunnel NAME TYPE: an interface that calls itself an ipip (768) or ip6tnl (769) tunnel, on kernels that have none: a tun device that
// outlives this program, for as long as its network namespace.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, argv[1], IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  int tun = open("/dev/net/tun", O_RDWR);
  if (tun < 0 || ioctl(tun, TUNSETIFF, &request) || ioctl(tun, TUNSETLINK, (unsigned long)atoi(argv[2])) ||
      ioctl(tun, TUNSETPERSIST, 1UL)) {
    perror(argv[1]);
    return 1;
  }
  return 0;
}
