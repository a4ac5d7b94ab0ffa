package wisp.lab.broadcast;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.lab.FailedException;

/** A second stack of ours that opens all connections. */
final class RealAudience implements Audience, ConnectionHandler {
  private static final int FIRST_CLIENT = 10 << 24 | 8 << 16;
  private static final int FIRST_PORT = 1024;
  private static final int PORTS = 60_000;
  private static final int MOST_HALF_OPEN = 256;
  private final InMemoryPipe pipe = new InMemoryPipe();
  private final MemoryStrategy memory;
  private final MemorySegment message;
  private final Context context;
  private final int count;
  private int[] received;
  private int asked;
  private int open;
  private int complete;
  private long wrong;

  RealAudience(int count, byte[] message, MemoryStrategy memory, long seed) {
    this.count = count;
    this.memory = memory;
    this.message = MemorySegment.ofArray(message);
    received = new int[count];
    context =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.8.0.0/16")),
            memory,
            pipe.b(),
            new SplittableRandom(seed)::nextLong);
  }

  @Override
  public Link link() {
    return pipe.a();
  }

  @Override
  public int poll(long nowNanos) {
    while (asked < count && asked - open < MOST_HALF_OPEN) {
      var local =
          new Endpoint(
              IpAddress.ofIpv4(FIRST_CLIENT + 1 + asked / PORTS), FIRST_PORT + asked % PORTS);
      if (context.connect(local, BroadcastPoint.SERVER, ConnectionProfile.DEFAULT, this) < 0) {
        throw new FailedException("connection " + asked + " was refused");
      }
      asked++;
    }
    return context.poll(nowNanos);
  }

  @Override
  public long nextNanos() {
    return context.nextDeadlineNanos();
  }

  @Override
  public void onOpen(Context context, long connection) {
    open++;
  }

  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {
    int slot = Context.slot(connection);
    if (slot >= received.length) {
      received = Arrays.copyOf(received, 2 * slot); // not every strategy fills its places in order
    }
    int place = received[slot];
    if (place + length > message.byteSize()
        || MemorySegment.mismatch(memory, offset, offset + length, message, place, place + length)
            >= 0) {
      wrong++;
      return;
    }
    received[slot] = place + length;
    complete += place + length == message.byteSize() ? 1 : 0;
  }

  @Override
  public void listen() {}

  @Override
  public int complete() {
    return complete;
  }

  @Override
  public long wrong() {
    return wrong;
  }

  @Override
  public void close() {
    context.close();
    memory.close();
    pipe.close();
  }
}
