package wisp.drivers.rawip;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import wisp.core.spi.Link;
import wisp.drivers.LinkContract;
import wisp.drivers.Links;
import wisp.drivers.linux.TestVeth;

/**
 * Against the real kernel, over a pair of veth between two network namespaces. Skips where that is
 * not allowed.
 */
class RawIpLinkTest {
  abstract static class Contract extends LinkContract {
    private TestVeth veth;
    private DatagramChannel peer;

    abstract String device();

    @Override
    protected Link open() throws Exception {
      veth = new TestVeth();
      Link link =
          Links.open("rawip:name=" + device() + ",own=10.9.1.0/24,netns=" + veth.ours.name());
      peer = veth.peer.udp(TestVeth.PEER, 7);
      return link;
    }

    @Override
    protected String peerAddress() {
      return TestVeth.PEER;
    }

    @Override
    protected int peerPort() {
      return 7;
    }

    @Override
    protected void peerSends(byte[] payload) throws IOException {
      peer.send(ByteBuffer.wrap(payload), new InetSocketAddress(OWN, OWN_PORT));
    }

    @Override
    protected byte @Nullable [] peerReceives(int timeoutMillis) throws IOException {
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
    protected void closePeer() throws IOException {
      if (peer != null) {
        peer.close();
      }
      veth.close();
    }
  }

  @Nested
  class OnAnInterface extends Contract {
    @Override
    String device() {
      return TestVeth.OURS;
    }
  }

  @Nested
  class OnAnyInterface extends Contract {
    @Override
    String device() {
      return "";
    }
  }
}
