/*
 * Sends small UDP packets back, turned round: what LinkEnd's "reflect" does, on the same rings and
 * calls, for a figure to compare it with. Built and started by the suite "links":
 *
 *   reflector tun|tap|afpacket|rawip|afxdp-native|afxdp-skb CORE
 *
 * It never waits. Says "ready mac=0" when it is open; for each line on its input it says what it has
 * counted; it ends when its input does. Packets are turned where they lie and sent from there: no copy.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BATCH 64
#define OUR_DEVICE "ours"
#define TUN_DEVICE "wisp0"
#define LOOK_EVERY 1024 /* rounds between two looks at the input */

static uint64_t received, echoed, drops;

static void check(long result, const char *what) {
  if (result < 0) {
    printf("Error: %s: %s\n", what, strerror(errno));
    exit(1);
  }
}

/* ---- The packet --------------------------------------------------------------------------------- */

static int is_probe(const uint8_t *ip, int length) {
  return length >= 28 && ip[0] == 0x45 && ip[9] == IPPROTO_UDP;
}

static void swap(uint8_t *a, uint8_t *b, int bytes) {
  uint8_t kept[6];
  memcpy(kept, a, bytes);
  memcpy(a, b, bytes);
  memcpy(b, kept, bytes);
}

static void turn_ip(uint8_t *ip) {
  swap(ip + 12, ip + 16, 4);
  swap(ip + 20, ip + 22, 2);
}

/* Whether it is one; then it is turned. */
static int turn_frame(uint8_t *frame, int length) {
  if (length < 14 || frame[12] != 8 || frame[13] != 0 || !is_probe(frame + 14, length - 14)) return 0;
  swap(frame, frame + 6, 6);
  turn_ip(frame + 14);
  return 1;
}

/* ---- Orders --------------------------------------------------------------------------------------- */

static void obey(void) {
  static unsigned rounds;
  if (rounds++ % LOOK_EVERY) return;
  struct pollfd input = {.fd = 0, .events = POLLIN};
  if (poll(&input, 1, 0) <= 0) return;
  char line[64];
  if (read(0, line, sizeof line) <= 0) exit(0);
  printf("tally received=%lu echoed=%lu drops=%lu\n", (unsigned long)received, (unsigned long)echoed,
         (unsigned long)drops);
  fflush(stdout);
}

static void ready(void) {
  printf("ready mac=0\n");
  fflush(stdout);
}

/* ---- tun, tap: one read and one write a packet, behind a virtio header ---------------------------- */

static void tun(int flags) {
  static uint8_t buffer[65536 + 64];
  struct ifreq request = {0};
  int header = 10, fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  check(fd, "/dev/net/tun");
  strcpy(request.ifr_name, TUN_DEVICE);
  request.ifr_flags = flags | IFF_NO_PI | IFF_VNET_HDR;
  check(ioctl(fd, TUNSETIFF, &request), "TUNSETIFF");
  check(ioctl(fd, TUNSETVNETHDRSZ, &header), "TUNSETVNETHDRSZ");
  check(ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6), "TUNSETOFFLOAD");
  ready();
  for (;; obey()) {
    for (int i = 0; i < BATCH; i++) {
      long n = read(fd, buffer, sizeof buffer);
      if (n < 0) break;
      uint8_t *packet = buffer + header;
      if (flags == IFF_TAP) {
        if (!turn_frame(packet, n - header)) continue;
      } else {
        if (!is_probe(packet, n - header)) continue;
        turn_ip(packet);
      }
      received++;
      memset(buffer, 0, header);
      if (write(fd, buffer, n) == n) echoed++;
      else drops++;
    }
  }
}

/* ---- Batches for sendmmsg and recvmmsg ------------------------------------------------------------ */

static struct mmsghdr messages[BATCH];
static struct iovec pieces[BATCH];

static void send_all(int fd, int count) {
  int sent = 0;
  while (sent < count) {
    int n = sendmmsg(fd, messages + sent, count - sent, MSG_DONTWAIT);
    if (n <= 0) break;
    sent += n;
  }
  echoed += sent;
  drops += count - sent;
}

/* ---- afpacket: a TPACKET_V2 ring, sent from by sendmmsg ------------------------------------------- */

static void afpacket(void) {
  const unsigned slots = 256, slot = 1 << 17; /* 64 KiB and a header, to a power of two */
  int fd = socket(AF_PACKET, SOCK_RAW, 0), version = TPACKET_V2, on = 1;
  check(fd, "packet socket");
  check(setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version), "PACKET_VERSION");
  check(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on), "PACKET_VNET_HDR");
  check(setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on), "PACKET_QDISC_BYPASS");
  check(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on), "PACKET_IGNORE_OUTGOING");
  struct tpacket_req shape = {.tp_block_size = slot, .tp_block_nr = slots, .tp_frame_size = slot, .tp_frame_nr = slots};
  check(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape), "PACKET_RX_RING");
  uint8_t *ring = mmap(0, (size_t)slots * slot, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  check(ring == MAP_FAILED ? -1 : 0, "mmap");
  struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = if_nametoindex(OUR_DEVICE)};
  check(bind(fd, (struct sockaddr *)&at, sizeof at), "bind");
  ready();
  const int header = 10;
  struct tpacket2_hdr *taken[BATCH];
  for (unsigned next = 0;; obey()) {
    int n = 0, count = 0;
    while (n < BATCH) {
      struct tpacket2_hdr *head = (void *)(ring + (size_t)next * slot);
      if (!(__atomic_load_n(&head->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) break;
      next = (next + 1) % slots;
      taken[n++] = head;
      uint8_t *frame = (uint8_t *)head + head->tp_mac;
      if (!turn_frame(frame, head->tp_snaplen)) continue;
      received++;
      memset(frame - header, 0, header);
      pieces[count] = (struct iovec){frame - header, head->tp_snaplen + header};
      messages[count].msg_hdr = (struct msghdr){.msg_iov = &pieces[count], .msg_iovlen = 1};
      count++;
    }
    send_all(fd, count);
    for (int i = 0; i < n; i++) __atomic_store_n(&taken[i]->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  }
}

/* ---- rawip: recvmmsg and sendmmsg on a raw socket, headers included ------------------------------- */

static void rawip(void) {
  static uint8_t memory[BATCH][65536];
  static struct sockaddr_in to[BATCH];
  int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_UDP), on = 1, buffer = 16 << 20;
  check(fd, "raw socket");
  check(setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &on, sizeof on), "IP_HDRINCL");
  check(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer), "SO_RCVBUFFORCE");
  check(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer), "SO_SNDBUFFORCE");
  ready();
  for (;; obey()) {
    for (int i = 0; i < BATCH; i++) {
      pieces[i] = (struct iovec){memory[i], sizeof memory[i]};
      messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};
    }
    int n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, 0), count = 0;
    for (int i = 0; i < n; i++) {
      if (!is_probe(memory[i], messages[i].msg_len)) continue;
      received++;
      turn_ip(memory[i]);
      to[count].sin_family = AF_INET;
      memcpy(&to[count].sin_addr, memory[i] + 16, 4);
      pieces[count] = (struct iovec){memory[i], messages[i].msg_len};
      messages[count].msg_hdr = (struct msghdr){
          .msg_name = &to[count], .msg_namelen = sizeof to[count], .msg_iov = &pieces[count], .msg_iovlen = 1};
      count++;
    }
    if (count) send_all(fd, count);
  }
}

/* ---- afxdp: one UMEM, four rings; each chunk goes receive, transmit, completion, fill ------------- */

#define CHUNKS 4096
#define CHUNK 4096

struct ring {
  uint32_t *producer, *consumer, *flags;
  void *entries;
  uint32_t mask;
};

static struct ring ring(int fd, const struct xdp_ring_offset *offsets, uint32_t size, int bytes, uint64_t at) {
  uint8_t *map = mmap(0, offsets->desc + (size_t)size * bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);
  check(map == MAP_FAILED ? -1 : 0, "mmap of a ring");
  return (struct ring){(void *)(map + offsets->producer), (void *)(map + offsets->consumer),
                       (void *)(map + offsets->flags), map + offsets->desc, size - 1};
}

static int bpf(int command, union bpf_attr *attr) { return syscall(SYS_bpf, command, attr, sizeof *attr); }

/* Everything that comes by a queue goes to the socket in the map, or on to the kernel. */
static void attach(int index, int xsk, int flags) {
  union bpf_attr map = {0}, load = {0}, put = {0}, link = {0};
  map.map_type = BPF_MAP_TYPE_XSKMAP, map.key_size = 4, map.value_size = 4, map.max_entries = 1;
  int map_fd = bpf(BPF_MAP_CREATE, &map), key = 0;
  check(map_fd, "BPF_MAP_CREATE");
  struct bpf_insn program[] = {
      {BPF_LDX | BPF_MEM | BPF_W, 2, 1, offsetof(struct xdp_md, rx_queue_index), 0},
      {BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map_fd},
      {0, 0, 0, 0, 0},
      {BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, XDP_PASS},
      {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect_map},
      {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
  };
  load.prog_type = BPF_PROG_TYPE_XDP, load.insns = (uintptr_t)program;
  load.insn_cnt = sizeof program / sizeof program[0], load.license = (uintptr_t) "GPL";
  load.expected_attach_type = BPF_XDP;
  int program_fd = bpf(BPF_PROG_LOAD, &load);
  check(program_fd, "BPF_PROG_LOAD");
  put.map_fd = map_fd, put.key = (uintptr_t)&key, put.value = (uintptr_t)&xsk;
  check(bpf(BPF_MAP_UPDATE_ELEM, &put), "BPF_MAP_UPDATE_ELEM");
  link.link_create.prog_fd = program_fd, link.link_create.target_ifindex = index;
  link.link_create.attach_type = BPF_XDP, link.link_create.flags = flags;
  check(bpf(BPF_LINK_CREATE, &link), "BPF_LINK_CREATE"); /* undone when the process ends */
}

static void afxdp(int mode) {
  int fd = socket(AF_XDP, SOCK_RAW, 0), index = if_nametoindex(OUR_DEVICE), size = CHUNKS;
  check(fd, "XDP socket");
  uint8_t *umem = mmap(0, (size_t)CHUNKS * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  check(umem == MAP_FAILED ? -1 : 0, "mmap of the UMEM");
  struct xdp_umem_reg area = {.addr = (uintptr_t)umem, .len = (uint64_t)CHUNKS * CHUNK, .chunk_size = CHUNK};
  check(setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &area, sizeof area), "XDP_UMEM_REG");
  check(setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &size, sizeof size), "XDP_UMEM_FILL_RING");
  check(setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size, sizeof size), "XDP_UMEM_COMPLETION_RING");
  check(setsockopt(fd, SOL_XDP, XDP_RX_RING, &size, sizeof size), "XDP_RX_RING");
  check(setsockopt(fd, SOL_XDP, XDP_TX_RING, &size, sizeof size), "XDP_TX_RING");
  struct xdp_mmap_offsets at;
  socklen_t bytes = sizeof at;
  check(getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &bytes), "XDP_MMAP_OFFSETS");
  struct ring rx = ring(fd, &at.rx, size, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
  struct ring tx = ring(fd, &at.tx, size, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
  struct ring fill = ring(fd, &at.fr, size, 8, XDP_UMEM_PGOFF_FILL_RING);
  struct ring done = ring(fd, &at.cr, size, 8, XDP_UMEM_PGOFF_COMPLETION_RING);
  struct sockaddr_xdp to = {.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY | XDP_USE_NEED_WAKEUP, .sxdp_ifindex = index};
  check(bind(fd, (struct sockaddr *)&to, sizeof to), "bind");
  attach(index, fd, mode);
  uint32_t filled = 0, taken = 0, sent = 0, reaped = 0;
  for (; filled < CHUNKS; filled++) ((uint64_t *)fill.entries)[filled] = (uint64_t)filled * CHUNK;
  __atomic_store_n(fill.producer, filled, __ATOMIC_RELEASE);
  ready();
  for (;; obey()) {
    uint32_t there = __atomic_load_n(rx.producer, __ATOMIC_ACQUIRE) - taken, before = sent;
    if (there > BATCH) there = BATCH;
    for (uint32_t i = 0; i < there; i++) {
      struct xdp_desc one = ((struct xdp_desc *)rx.entries)[taken++ & rx.mask];
      if (turn_frame(umem + one.addr, one.len)) {
        received++;
        one.options = 0;
        ((struct xdp_desc *)tx.entries)[sent++ & tx.mask] = one;
      } else {
        ((uint64_t *)fill.entries)[filled++ & fill.mask] = one.addr / CHUNK * CHUNK;
      }
    }
    if (there) __atomic_store_n(rx.consumer, taken, __ATOMIC_RELEASE);
    if (sent != before) {
      __atomic_store_n(tx.producer, sent, __ATOMIC_RELEASE);
      echoed += sent - before;
    }
    /* A call takes 32 at most: again until the kernel has them all. */
    if (__atomic_load_n(tx.consumer, __ATOMIC_ACQUIRE) != sent) sendto(fd, 0, 0, MSG_DONTWAIT, 0, 0);
    uint32_t over = __atomic_load_n(done.producer, __ATOMIC_ACQUIRE) - reaped;
    for (uint32_t i = 0; i < over; i++)
      ((uint64_t *)fill.entries)[filled++ & fill.mask] = ((uint64_t *)done.entries)[reaped++ & done.mask] / CHUNK * CHUNK;
    if (over) __atomic_store_n(done.consumer, reaped, __ATOMIC_RELEASE);
    __atomic_store_n(fill.producer, filled, __ATOMIC_RELEASE);
    if (*fill.flags & XDP_RING_NEED_WAKEUP) recvfrom(fd, 0, 0, MSG_DONTWAIT, 0, 0);
  }
}

int main(int count, char **arguments) {
  if (count != 3) {
    printf("Error: reflector WAY CORE\n");
    return 2;
  }
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(atoi(arguments[2]), &core);
  sched_setaffinity(0, sizeof core, &core);
  const char *way = arguments[1];
  if (!strcmp(way, "tun")) tun(IFF_TUN);
  else if (!strcmp(way, "tap")) tun(IFF_TAP);
  else if (!strcmp(way, "afpacket")) afpacket();
  else if (!strcmp(way, "rawip")) rawip();
  else if (!strcmp(way, "afxdp-native")) afxdp(4 /* XDP_FLAGS_DRV_MODE */);
  else if (!strcmp(way, "afxdp-skb")) afxdp(2 /* XDP_FLAGS_SKB_MODE */);
  printf("Error: there is no way %s\n", way);
  return 2;
}
