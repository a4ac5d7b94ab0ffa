package wisp.drivers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.drivers.linux.TestNamespace;

/** The contract, with a kernel at the other end, in a network namespace made for it. */
public abstract class KernelLinkContract extends LinkContract {
  protected static final String KERNEL = "10.9.0.1";
  private static final int PORT = 7;
  protected TestNamespace namespace;
  private DatagramChannel peer;

  /** A new link in {@link #namespace}, whose kernel has the address {@link #KERNEL} by then. */
  protected abstract Link openInNamespace() throws Exception;

  @Override
  protected final Link open() throws Exception {
    namespace = new TestNamespace();
    // Its search for routers would get between the packets that are counted.
    namespace.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    Link opened = openInNamespace();
    peer = namespace.udp(KERNEL, PORT);
    return opened;
  }

  @Override
  protected final String peerAddress() {
    return KERNEL;
  }

  @Override
  protected final int peerPort() {
    return PORT;
  }

  @Override
  protected final void peerSends(byte[] payload) throws IOException {
    peer.send(ByteBuffer.wrap(payload), new InetSocketAddress(OWN, OWN_PORT));
  }

  @Override
  protected final byte @Nullable [] peerReceives(int timeoutMillis) throws IOException {
    peer.configureBlocking(false);
    var buffer = ByteBuffer.allocate(65_536);
    long deadline = System.nanoTime() + timeoutMillis * 1_000_000L;
    do {
      if (peer.receive(buffer) != null) {
        return Arrays.copyOf(buffer.array(), buffer.position());
      }
    } while (System.nanoTime() < deadline);
    return null;
  }

  @Override
  protected final void closePeer() throws IOException {
    if (peer != null) {
      peer.close();
    }
    if (namespace != null) {
      namespace.close();
    }
  }
}
