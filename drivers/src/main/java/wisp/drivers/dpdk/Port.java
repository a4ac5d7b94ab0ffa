package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;
import wisp.drivers.Framing;
import wisp.drivers.linux.Libc;

/**
 * A device that is plugged in, with one queue each way. Bursts do not go through DPDK's own
 * functions, which exist only as C source, but as those do it: by the table that says for each port
 * which function of the driver to call.
 *
 * <pre>
 *   struct rte_eth_dev_info   driver's name at 8 │ least mtu 2 at 20, largest 2 │ offloads: received 8 at 72, sent 8
 *   struct rte_eth_conf       received: mtu 4 at 12, offloads 8 at 24 │ sent: offloads 8 at 72
 *   struct rte_eth_link       speed 4 │ duplex 1 bit, negotiated 1, up 1
 * </pre>
 */
final class Port implements AutoCloseable {
  /** More than any of these structures takes in any version. */
  private static final int STRUCTURE_BYTES = 8192;

  private static final int INFO_LEAST_MTU = 20;
  private static final int INFO_LARGEST_MTU = 22;
  private static final int INFO_RECEIVE_OFFLOADS = 72;
  private static final int INFO_TRANSMIT_OFFLOADS = 80;
  private static final int CONF_MTU = 12;
  private static final int CONF_RECEIVE_OFFLOADS = 24;
  private static final int CONF_TRANSMIT_OFFLOADS = 72;
  private static final int IOVA_VIRTUAL = 2;
  private static final int LINK_STATUS = 4;
  private static final int LINK_UP = 4;
  private static final int LARGEST_PACKET = 65_535;
  private static final int TAP_SEGMENTED = 32_768; // in at most 64 segments
  private static final int FAST_PATH_BYTES = 128;
  private static final int MOST_PORTS = 32;
  private static final int DESCRIPTORS = 1024;

  private static final long LOCALLY_ADMINISTERED = 2L << 40;
  private static final ValueLayout.OfLong BE64 =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);

  /** Checksums of IPv4, UDP and TCP; the same bits both ways. */
  private static final long RECEIVE_CHECKSUMS = 0xE;

  private static final long TRANSMIT_CHECKSUMS = 0xC;

  /** Cutting of TCP, and what it takes. */
  private static final long TRANSMIT_SEGMENTS = 0x2A;

  /** Packets of several pieces. */
  private static final long TRANSMIT_PIECES = 1L << 15;

  private final Librte librte;
  private final Eal eal;
  private final Abi abi;
  private final DpdkConfig config;
  private final int number;
  private final int mtu;
  private final boolean checksums;
  private final boolean gathers;
  private final boolean segments;
  private final long hardwareAddress;
  private boolean started;

  /** Null: nobody takes its memory away. */
  private ControlGate.@Nullable Pass pass;

  private MemorySegment receiveFunction = MemorySegment.NULL;
  private MemorySegment transmitFunction = MemorySegment.NULL;
  private long receiveQueue;
  private long transmitQueue;

  /**
   * Plugs a device in and starts it.
   *
   * @param abi where things lie
   * @param wantedMtu in bytes
   * @param mustStart whether it is an error when it can't be started yet
   * @throws LinkException in one line for the user; it is pulled out again
   */
  Port(
      Librte librte,
      Eal eal,
      Abi abi,
      DpdkConfig config,
      MbufPool pool,
      int wantedMtu,
      boolean mustStart)
      throws LinkException {
    this.librte = librte;
    this.eal = eal;
    this.abi = abi;
    this.config = config;
    plug();
    int found = -1;
    boolean done = false;
    try (Arena arena = Arena.ofConfined()) {
      found = find();
      number = found;
      MemorySegment info = arena.allocate(STRUCTURE_BYTES, 64);
      check(
          "does not say what it can",
          librte.callInt("rte_eth_dev_info_get", number, info.address()));
      mtu = mtu(info, wantedMtu);
      long offloads = info.get(ValueLayout.JAVA_LONG, INFO_TRANSMIT_OFFLOADS);
      checksums = (offloads & TRANSMIT_CHECKSUMS) == TRANSMIT_CHECKSUMS;
      segments = segments(offloads);
      gathers = (offloads & TRANSMIT_PIECES) != 0 && config.isForeignMemoryRead() && !segments;
      MemorySegment conf = arena.allocate(STRUCTURE_BYTES, 64);
      conf.set(ValueLayout.JAVA_INT, CONF_MTU, config.isMtuOurs() ? Math.min(mtu, 1500) : mtu);
      conf.set(
          ValueLayout.JAVA_LONG,
          CONF_RECEIVE_OFFLOADS,
          info.get(ValueLayout.JAVA_LONG, INFO_RECEIVE_OFFLOADS) & RECEIVE_CHECKSUMS);
      conf.set(
          ValueLayout.JAVA_LONG,
          CONF_TRANSMIT_OFFLOADS,
          (checksums ? TRANSMIT_CHECKSUMS : 0)
              | (segments ? TRANSMIT_SEGMENTS | offloads & TRANSMIT_PIECES : 0)
              | (gathers ? TRANSMIT_PIECES : 0));
      check(
          "can't be configured (mtu=" + mtu + ")",
          librte.callInt("rte_eth_dev_configure", number, 1, 1, conf.address()));
      check(
          "refuses to receive",
          librte.callInt("rte_eth_rx_queue_setup", number, 0, DESCRIPTORS, 0, 0, pool.address()));
      check(
          "refuses to send",
          librte.callInt("rte_eth_tx_queue_setup", number, 0, DESCRIPTORS, 0, 0));
      hardwareAddress = hardwareAddress(arena);
      pass = isMemif() ? eal.gate().join(this::hasPeer) : null;
      int result = start();
      if (mustStart) {
        check("can't be started", result);
      }
      done = true;
    } finally {
      if (!done) {
        remove(found);
      }
    }
  }

  private void plug() throws LinkException {
    boolean pci = !config.pci().isEmpty();
    String reason = noDriver(librte, config);
    if (reason != null) {
      throw new LinkException(reason);
    }
    // DPDK itself would hand out the port that another link holds.
    if (isOpen(librte, config)) {
      throw new LinkException(isOpenAlready(config));
    }
    int result = eal.plug(bus(), config.label(), pci ? "" : config.deviceArguments());
    check(
        pci
            ? "can't be taken; bind it with: dpdk-devbind.py -b vfio-pci " + config.pci()
            : "can't be made; are its arguments right (" + config.arguments() + "), are you root?",
        result);
  }

  /** What to install for a virtual device; null when it is. */
  static @Nullable String noDriver(Librte librte, DpdkConfig config) {
    return !config.pci().isEmpty() || librte.loadDriver(config.driver())
        ? null
        : "dpdk has no driver for '"
            + config.device()
            + "' installed; if the name is right: "
            + Librte.install(config.driver());
  }

  /** Whether a link has it; only while DPDK runs. */
  static boolean isOpen(Librte librte, DpdkConfig config) {
    return number(librte, config) >= 0;
  }

  /** Says so. */
  static String isOpenAlready(DpdkConfig config) {
    return "dpdk device '"
        + config.label()
        + "' is open in this process already; number it otherwise";
  }

  private String bus() {
    return config.pci().isEmpty() ? "vdev" : "pci";
  }

  /** Of the device's port; negative: there is none. */
  private static int number(Librte librte, DpdkConfig config) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = arena.allocate(8, 8);
      int result =
          librte.callInt(
              "rte_eth_dev_get_port_by_name",
              arena.allocateFrom(config.label()).address(),
              found.address());
      return result < 0 ? result : found.get(ValueLayout.JAVA_SHORT, 0) & 0xFFFF;
    }
  }

  /** A device that failed is only logged, and using a port that is not there kills the JVM. */
  private int find() throws LinkException {
    int port = number(librte, config);
    check("is not there after it was made", port);
    if (port >= MOST_PORTS || librte.callInt("rte_eth_dev_is_valid_port", port) == 0) {
      throw new LinkException("dpdk device '" + config.label() + "' has no port that can be used");
    }
    return port;
  }

  private boolean segments(long offloads) throws LinkException {
    if (!config.tso()) {
      return false;
    }
    if (!checksums || (offloads & TRANSMIT_SEGMENTS) != TRANSMIT_SEGMENTS) {
      throw new LinkException(
          "dpdk device '" + config.label() + "' can't cut packets; leave tso=on out");
    }
    if (!config.pci().isEmpty() && librte.callInt("rte_eal_iova_mode") != IOVA_VIRTUAL) {
      throw new LinkException(
          "dpdk device '"
              + config.label()
              + "' needs an IOMMU for tso=on (DPDK's --iova-mode=va); leave it out");
    }
    return true;
  }

  private int mtu(MemorySegment info, int wanted) throws LinkException {
    int least = info.get(ValueLayout.JAVA_SHORT, INFO_LEAST_MTU) & 0xFFFF;
    int largest = info.get(ValueLayout.JAVA_SHORT, INFO_LARGEST_MTU) & 0xFFFF;
    if (wanted < least || wanted > largest) {
      throw new LinkException(
          "dpdk device '"
              + config.label()
              + "' can't have mtu="
              + wanted
              + ", but "
              + least
              + " … "
              + largest);
    }
    return wanted;
  }

  private long hardwareAddress(Arena arena) throws LinkException {
    // That of net_tap is also the kernel's, at the other end.
    boolean shared = config.driver().equals("net_tap");
    MemorySegment bytes = arena.allocate(8, 8);
    if (config.hardwareAddress() == 0) {
      check(
          "has no hardware address",
          librte.callInt("rte_eth_macaddr_get", number, bytes.address()));
      long its = bytes.get(BE64, 0) >>> 16;
      return shared ? its ^ 1 | LOCALLY_ADMINISTERED : its;
    }
    if (!shared) {
      // Not all can have another one; those hear all there is, and we answer to ours.
      bytes.set(BE64, 0, config.hardwareAddress() << 16);
      librte.callInt("rte_eth_dev_default_mac_addr_set", number, bytes.address());
      librte.callInt("rte_eth_promiscuous_enable", number);
    }
    return config.hardwareAddress();
  }

  /**
   * Starts it, and learns what to call for a burst.
   *
   * @return 0 or {@code −errno}: then nothing can be sent or received
   * @throws LinkException when the table is not as it is known
   */
  int start() throws LinkException {
    int result = librte.callInt("rte_eth_dev_start", number);
    if (result == 0) {
      readFastPath();
      started = true;
    }
    return result;
  }

  private void readFastPath() throws LinkException {
    long entry = librte.symbol("rte_eth_fp_ops").address() + (long) number * FAST_PATH_BYTES;
    long receive = word(entry + abi.receiveBurst());
    long transmit = word(entry + abi.transmitBurst());
    long receiveQueues = word(entry + abi.receiveQueues());
    long transmitQueues = word(entry + abi.transmitQueues());
    var code = CodePages.look();
    if (!code.contains(receive, "librte_net_") || !code.contains(transmit, "librte_net_")) {
      throw MbufPool.unknown(librte, "what a burst is to call is no code of a driver");
    }
    if (!isPointer(receiveQueues)
        || !isPointer(transmitQueues)
        || code.contains(receiveQueues, "librte_")
        || code.contains(transmitQueues, "librte_")) {
      throw MbufPool.unknown(librte, "a port has no queues");
    }
    receiveFunction = MemorySegment.ofAddress(receive);
    transmitFunction = MemorySegment.ofAddress(transmit);
    receiveQueue = word(receiveQueues);
    transmitQueue = word(transmitQueues);
    if (!isPointer(receiveQueue) || !isPointer(transmitQueue)) {
      throw MbufPool.unknown(librte, "a port has no first queue");
    }
  }

  private static boolean isPointer(long address) {
    return address > 0xFFFF && (address & 7) == 0;
  }

  private static long word(long address) {
    return Mbuf.ALL.get(ValueLayout.JAVA_LONG, address);
  }

  /** Stops it; then nothing can be sent or received. */
  void stop() {
    if (started) {
      started = false;
      call("rte_eth_dev_stop", number);
    }
  }

  /** Whether it is started. Before that, bursts must not be called. */
  boolean isStarted() {
    return started;
  }

  /**
   * Receives.
   *
   * @param array address of room for {@code most} addresses of mbufs
   * @return how many there are now; they are ours
   */
  int receive(long array, int most) {
    if (pass == null) {
      return Librte.burst(receiveFunction, receiveQueue, array, most);
    }
    int received = 0;
    if (pass.enter()) {
      received = Librte.burst(receiveFunction, receiveQueue, array, most);
      pass.leave();
    }
    return received;
  }

  /**
   * Sends.
   *
   * @return how many of them the driver has taken: those it frees, the rest is still ours
   */
  int transmit(long array, int count) {
    if (pass == null) {
      return Librte.burst(transmitFunction, transmitQueue, array, count);
    }
    int sent = 0;
    if (pass.enter()) {
      sent = Librte.burst(transmitFunction, transmitQueue, array, count);
      pass.leave();
    }
    return sent;
  }

  /** Whether someone is at the other end, as far as the driver knows. */
  boolean isLinkUp() {
    return hasPeer() && (pass == null || pass.isOpen());
  }

  private boolean hasPeer() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment link = arena.allocate(64, 8);
      return librte.callInt("rte_eth_link_get_nowait", number, link.address()) == 0
          && (link.get(ValueLayout.JAVA_BYTE, LINK_STATUS) & LINK_UP) != 0;
    }
  }

  /** In bytes. When net_tap cuts, it takes its MTU for that of the frame. */
  int mtu() {
    return segments && config.driver().equals("net_tap") ? mtu - Framing.ETHERNET_BYTES : mtu;
  }

  /** The largest IP packet that the device cuts; 0: it does not. */
  int segmentationBytes() {
    return !segments ? 0 : config.driver().equals("net_tap") ? TAP_SEGMENTED : LARGEST_PACKET;
  }

  /** Whether it completes the checksums of TCP and UDP. */
  boolean checksums() {
    return checksums;
  }

  /** Whether a packet may go on in memory that is not DPDK's. */
  boolean gathers() {
    return gathers;
  }

  /** Ours, 48 bits. */
  long hardwareAddress() {
    return hardwareAddress;
  }

  @Override
  public void close() {
    stop();
    remove(number);
  }

  private void remove(int port) {
    if (pass != null) {
      pass.close();
    }
    if (port >= 0) {
      call("rte_eth_dev_stop", port);
      call("rte_eth_dev_close", port);
    }
    eal.unplug(bus(), config.label());
  }

  /**
   * DPDK's thread ends a memif connection when its peer does; at the same time here, both would
   * free the same memory.
   */
  private void call(String function, int port) {
    if (isMemif()) {
      eal.onItsThread(function, port);
    } else {
      librte.callInt(function, port);
    }
  }

  private boolean isMemif() {
    return config.driver().equals("net_memif");
  }

  private void check(String what, int result) throws LinkException {
    if (result < 0) {
      try (Arena arena = Arena.ofConfined()) {
        throw new LinkException(
            "dpdk device '"
                + config.label()
                + "' "
                + what
                + ": "
                + new Libc(arena).describe(result));
      }
    }
  }
}
