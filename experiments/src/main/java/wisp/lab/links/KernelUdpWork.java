package wisp.lab.links;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Map;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.MessageVector;
import wisp.drivers.linux.SocketCalls;

/** The kernel's UDP: 64 datagrams in a call, sent back in another, without ever waiting. */
final class KernelUdpWork implements Work {
  private static final int BATCH = 64;
  private static final int SLOT_BYTES = 2_048;
  private static final int ADDRESS_BYTES = 16;
  private static final int BUFFER = 16 << 20;
  private static final int ROUNDS = 64;

  private final Arena arena = Arena.ofShared();
  private final Libc libc = new Libc(arena);
  private final SocketCalls calls = new SocketCalls(arena);
  private final MessageVector messages;
  private final int socket;
  private long received;
  private long echoed;

  KernelUdpWork() throws IOException {
    MemorySegment names = arena.allocate((long) BATCH * ADDRESS_BYTES, 8);
    messages = new MessageVector(arena, BATCH, SLOT_BYTES, names, ADDRESS_BYTES);
    socket = libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_NONBLOCK, 0);
    calls.setOption(socket, SocketCalls.SOL_SOCKET, SocketCalls.SO_RCVBUFFORCE, BUFFER);
    calls.setOption(socket, SocketCalls.SOL_SOCKET, SocketCalls.SO_SNDBUFFORCE, BUFFER);
    MemorySegment at = arena.allocate(ADDRESS_BYTES, 8);
    at.set(ValueLayout.JAVA_SHORT, 0, (short) Libc.AF_INET);
    at.set(ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) Stack.ECHO);
    int result = calls.bind(socket, at);
    if (result < 0) {
      throw new IOException("no UDP socket: " + libc.describe(result));
    }
  }

  @Override
  public void step() {
    for (int round = 0; round < ROUNDS; round++) {
      int count = calls.receiveMany(socket, messages.address(0), BATCH, 0);
      if (count <= 0) {
        continue;
      }
      received += count;
      for (int i = 0; i < count; i++) {
        messages.length(i, messages.moved(i));
      }
      echoed += Math.max(0, calls.sendMany(socket, messages.address(0), count, 0));
      for (int i = 0; i < count; i++) {
        messages.length(i, SLOT_BYTES);
      }
    }
  }

  @Override
  public Map<String, Long> counts() {
    return Map.of("received", received, "echoed", echoed, "drops", received - echoed);
  }

  @Override
  public void close() {
    libc.close(socket);
    arena.close();
  }
}
