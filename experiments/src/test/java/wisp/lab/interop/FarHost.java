package wisp.lab.interop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.Links;
import wisp.drivers.faults.PathConfig;
import wisp.drivers.wire.Wire;

/**
 * A second kernel, for which the laboratory's own is the router, at the end of a wire.
 *
 * <pre>
 *   ours ── TUN ── kernel, forwards ── TUN ── wire ── TUN ── kernel 10.21.0.2, fd21::2
 * </pre>
 *
 * All devices carry 1,500 bytes: what is too big for the wire is lost there.
 */
final class FarHost implements AutoCloseable {
  static final String IPV4 = "10.21.0.2";
  static final String IPV6 = "fd21::2";
  private final Namespace namespace = new Namespace();
  private final Link near;
  private final Link far;
  private Wire wire;
  private Thread thread;
  private volatile @Nullable Throwable failure;

  /** Beyond a dual-stack laboratory; to be closed before it. */
  FarHost(KernelLab lab, PathConfig path) throws LinkException {
    lab.namespace().forward();
    near =
        Links.open(
            "tun:wa,offload=off,host=10.20.0.1/24+fd20::1/64,route=10.21.0.0/24+fd21::/64,netns="
                + lab.namespace().name());
    far =
        Links.open(
            "tun:wb,offload=off,host=10.21.0.2/24+fd21::2/64,route=10.9.0.0/16+fd00:9::/48,netns="
                + namespace.name());
    // Silence makes the kernel look for a smaller size (RFC 4821).
    namespace.sysctl("tcp_mtu_probing", "1");
    wire = new Wire(near, far, path, path, 1);
    thread = carry(wire);
  }

  private Thread carry(Wire wire) {
    return Thread.ofPlatform()
        .name("wire")
        .start(
            () -> {
              try {
                wire.run();
              } catch (Throwable e) {
                failure = e;
              }
            });
  }

  /** The path becomes another. */
  void rewire(PathConfig path) {
    stop();
    wire = new Wire(near, far, path, path, 2);
    thread = carry(wire);
  }

  /** Packets too big for the wire so far. */
  long tooBig() {
    return wire.stats().aToB().lostTooBig() + wire.stats().bToA().lostTooBig();
  }

  /** Packets of ours, and of the far host's, that got an ECN mark so far. */
  long marks(boolean ours) {
    return (ours ? wire.stats().aToB() : wire.stats().bToA()).marked();
  }

  Namespace namespace() {
    return namespace;
  }

  /** A socket there, connected to a port of ours over the family of the address. */
  SocketChannel dial(String ours, int port) throws IOException {
    return namespace.connect(new InetSocketAddress(ours, port));
  }

  private void stop() {
    wire.stop();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    stop();
    near.close();
    far.close();
    namespace.close();
    if (failure != null) {
      throw new AssertionError("the wire failed", failure);
    }
  }
}
