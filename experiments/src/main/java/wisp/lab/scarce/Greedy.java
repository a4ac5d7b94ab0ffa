package wisp.lab.scarce;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.drivers.LinkWrapper;

/**
 * A peer that takes whatever it can get: connections with a hole that never closes and all of the
 * window beyond it, connections that ask for more than they ever read, and SYNs whose handshakes
 * never end, all from one address.
 */
final class Greedy {
  /** Services of ours: one that takes, one that sends as long as it may, one that listens. */
  static final int TAKES = 9;

  static final int GIVES = 19;
  static final int LISTENS = 11;

  /** Its number among the peers. */
  static final int NUMBER = 0xFF42;

  private static final int ADDRESS = 0x0A01_0000 | NUMBER;
  private static final int FLIGHT = 512 << 10;
  private static final long SYN_EVERY_NANOS = 2_000_000;

  private final VirtualPath path;
  private final SharedText text;
  private long nextSynNanos;

  /** Sends far beyond what will ever be confirmed. */
  private final ConnectionHandler holes =
      new Quiet() {
        @Override
        public void onOpen(Context context, long connection) {
          for (int i = 0; i < FLIGHT; i += SharedText.FRAME_BYTES) {
            context.send(connection, text.frame(0, i));
          }
        }
      };

  /** Stops reading at once: what comes fills the window, the rest waits at the other end. */
  private final ConnectionHandler shut =
      new Quiet() {
        @Override
        public void onOpen(Context context, long connection) {
          context.pause(connection);
        }
      };

  private final ConnectionHandler flood =
      new Quiet() {
        @Override
        public void onOpen(Context context, long connection) {
          context.abort(connection);
        }
      };

  /**
   * Opens so many connections of each kind.
   *
   * @param text of the peers
   */
  Greedy(VirtualPath path, SharedText text, int connections) {
    this.path = path;
    this.text = text;
    for (int i = 0; i < connections; i++) {
      connect(TAKES, holes);
      connect(GIVES, shut);
    }
  }

  private void connect(int port, ConnectionHandler handler) {
    path.peers.connect(
        VirtualPath.peer(NUMBER), VirtualPath.service(port), ConnectionProfile.NO_DELAY, handler);
  }

  /** Sends a SYN when it is time for the next. */
  void step() {
    if (path.now >= nextSynNanos) {
      nextSynNanos = path.now + SYN_EVERY_NANOS;
      connect(LISTENS, flood);
    }
  }

  /** Our side of it: services that know nothing of peers. */
  static void serve(Context ours, SharedText text) {
    ours.listen(VirtualPath.service(TAKES), ConnectionProfile.NO_DELAY, new Quiet());
    ours.listen(VirtualPath.service(LISTENS), ConnectionProfile.NO_DELAY, new Quiet());
    ours.listen(VirtualPath.service(GIVES), ConnectionProfile.NO_DELAY, new Giving(text));
  }

  /** Queues as long as it may. */
  private static final class Giving extends Quiet {
    private final SharedText text;

    Giving(SharedText text) {
      this.text = text;
    }

    @Override
    public void onOpen(Context context, long connection) {
      onWritable(context, connection);
    }

    @Override
    public void onWritable(Context context, long connection) {
      while (context.send(connection, text.frame(0, 0))) {
        // until it is refused
      }
    }
  }

  private static class Quiet implements ConnectionHandler {
    @Override
    public void onData(Context c, long h, MemorySegment memory, long offset, int length) {}

    @Override
    public void onPeerClosed(Context context, long connection) {
      context.abort(connection);
    }

    @Override
    public void onClosed(Context context, long connection, CloseReason reason) {}
  }

  /** Takes out of the way what would close a hole or end a handshake. */
  static final class Misdeeds extends LinkWrapper {
    private static final ValueLayout.OfInt BE32 =
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort BE16 =
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int SYN = 2;
    private static final int RST = 4;

    private final Map<Integer, Integer> firstSeq = new HashMap<>();

    Misdeeds(Link link) {
      super(link);
    }

    @Override
    public void commit(TransmitPacket packet) {
      if (isUnwanted(packet.memory, packet.start, packet.length)) {
        link.cancel(packet);
      } else {
        link.commit(packet);
      }
    }

    private boolean isUnwanted(MemorySegment m, long ip, int length) {
      if (m.get(BE32, ip + 12) != ADDRESS) {
        return false;
      }
      long tcp = ip + 20;
      int source = m.get(BE16, tcp) & 0xFFFF;
      int service = m.get(BE16, tcp + 2) & 0xFFFF;
      int flags = m.get(ValueLayout.JAVA_BYTE, tcp + 13);
      int seq = m.get(BE32, tcp + 4);
      if ((flags & SYN) != 0) {
        firstSeq.put(source, seq + 1);
        return false;
      }
      int header = 20 + (m.get(ValueLayout.JAVA_BYTE, tcp + 12) >> 4 & 15) * 4;
      boolean fillsHole =
          service == TAKES
              && length > header
              && seq == firstSeq.getOrDefault(source, 0)
              && (flags & RST) == 0;
      return fillsHole || service == LISTENS;
    }
  }
}
