package wisp.drivers.dpdk;

import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.InterfaceWatch;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.NetworkInterface;
import wisp.drivers.linux.NetworkNamespace;

/**
 * All that a link needs before it can exist; whatever was got is given back when the next step
 * fails.
 *
 * @param label what the link is called
 * @param trusted whether received checksums are
 */
record Opening(
    String label,
    DpdkConfig config,
    Librte librte,
    Eal eal,
    MbufPool pool,
    Watch watch,
    Port port,
    boolean trusted) {

  /** Why no link over DPDK can be opened here and what to do; null when one can. */
  static @Nullable String unavailable(String driver) {
    String reason = Linux.unavailable();
    if (reason != null) {
      return "dpdk " + reason;
    }
    Librte librte = Librte.find();
    if (librte == null) {
      return "DPDK is not installed: " + Librte.install(driver);
    }
    return librte.version().startsWith(librte.abi().release())
        ? null
        : "this is "
            + librte.version()
            + ", but its libraries' number is that of "
            + librte.abi().release()
            + "; use another link";
  }

  /** Why such a device can't be opened here now; null when nothing is known. Changes nothing. */
  static @Nullable String unavailable(DpdkConfig config) {
    String reason = unavailable(config.driver());
    Librte librte = Librte.find();
    if (reason != null || librte == null) {
      return reason;
    }
    reason = Port.noDriver(librte, config);
    if (reason == null) {
      reason = Eal.unavailable(config);
    }
    if (reason == null && !config.pci().isEmpty()) {
      reason = PciDevice.unavailable(config.pci());
    }
    if (reason == null) {
      reason =
          NetworkNamespace.complaint(
              config.netns(),
              () -> {
                below(config);
                return true;
              });
    }
    return reason;
  }

  /** The interface below, up and with an MTU that does; null where there is none. */
  private static @Nullable NetworkInterface below(DpdkConfig config) throws LinkException {
    if (config.interfaceBelow().isEmpty()) {
      return null;
    }
    NetworkInterface below = NetworkInterface.findUp(config.interfaceBelow());
    mtu(config, below, config.mtu());
    return below;
  }

  /**
   * Does it.
   *
   * @param watch closed also when it can't be done
   * @param abi where things lie; null: as in the version that is installed
   * @throws LinkException in one line for the user; nothing stays behind
   */
  static Opening of(String label, DpdkConfig config, Watch watch, @Nullable Abi abi)
      throws LinkException {
    boolean done = false;
    try {
      String reason = unavailable(config.driver());
      Librte librte = Librte.find();
      if (reason != null || librte == null) {
        throw new LinkException(reason == null ? "DPDK is not installed" : reason);
      }
      Opening opening =
          NetworkNamespace.inside(
              config.netns(),
              () -> inside(label, config, librte, watch, abi == null ? librte.abi() : abi));
      done = true;
      return opening;
    } finally {
      if (!done) {
        watch.close();
      }
    }
  }

  private static Opening inside(
      String label, DpdkConfig config, Librte librte, Watch given, Abi abi) throws LinkException {
    Watch watch = given;
    Eal eal = null;
    MbufPool pool = null;
    boolean done = false;
    try {
      int mtu = config.mtu() == 0 ? 1500 : config.mtu();
      boolean trusted = config.checksum() == DpdkConfig.Trust.TRUST;
      NetworkInterface below = watch == Watch.NONE ? below(config) : null;
      if (below != null) {
        watch = watch(below);
        mtu = mtu(config, below, mtu);
        trusted |=
            config.checksum() == DpdkConfig.Trust.AUTO
                && NetworkInterface.driver(below.name()).equals("veth");
      }
      eal = Eal.start(librte, config);
      pool = new MbufPool(librte, config);
      ExternalPieces.test(librte, pool);
      Port port;
      synchronized (Eal.class) { // its lists of devices are not for two threads at once
        port = new Port(librte, eal, abi, config, pool, mtu, given == Watch.NONE);
      }
      done = true;
      return new Opening(label, config, librte, eal, pool, watch, port, trusted);
    } finally {
      if (!done) {
        if (pool != null) {
          pool.close(0);
        }
        if (eal != null) {
          eal.leave();
        }
        watch.close();
      }
    }
  }

  /** Whether the interface is still there. */
  private static Watch watch(NetworkInterface below) {
    var watch = new InterfaceWatch(below.index());
    return new Watch() {
      @Override
      public boolean look(Port port) {
        return !watch.isGone();
      }

      @Override
      public void close() {
        watch.close();
      }
    };
  }

  private static int mtu(DpdkConfig config, NetworkInterface below, int wanted)
      throws LinkException {
    if (config.mtu() > below.mtu()) {
      throw new LinkException(
          "interface '"
              + below.name()
              + "' has an MTU of "
              + below.mtu()
              + "; for mtu="
              + config.mtu()
              + ": ip link set "
              + below.name()
              + " mtu "
              + config.mtu());
    }
    return Math.min(wanted, below.mtu());
  }
}
