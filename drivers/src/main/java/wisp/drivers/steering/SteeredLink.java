package wisp.drivers.steering;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Claim;

/**
 * One context's link of a {@link Steering}: a queue of the device, if it has one, and rings from
 * and to the others.
 *
 * <p>Receive hands on the queue's own memory where the packet is ours, and the ring's where another
 * one has received it and copied it there. Without a queue a packet is written to a ring on
 * transmit and copied once more by link 0; with one it goes as the queue's link has it.
 */
public final class SteeredLink implements Link {
  private final Steering group;
  private final int place;
  private final @Nullable Link queue;
  private final String name;
  private final Kind kind;
  private final long hardwareAddress;
  private final int mtu;
  private final LinkOffloads offloads;
  private final Sleeper sleeper = new Sleeper();

  /** What the queue gave and is not sorted yet: from {@link #next} on. */
  private final Burst arrived = new Burst();

  private int next;
  private final TransmitPacket forwarded = new TransmitPacket();
  private final Claim claim = new Claim();
  private int turn; // whose ring is looked into first
  private long drops;
  private long handedOver;
  private volatile boolean woken;
  private volatile @Nullable Thread waiter;
  private volatile boolean closed;

  SteeredLink(Steering group, int place, @Nullable Link queue, Link device) {
    this.group = group;
    this.place = place;
    this.queue = queue;
    name = device.name() + "/" + place;
    kind = device.kind();
    hardwareAddress = device.hardwareAddress();
    mtu = device.mtu();
    offloads = device.offloads();
  }

  /** Packets that came in here and were given to others. */
  public long handedOver() {
    return handedOver;
  }

  /** The queue behind it; null: it has none. */
  public @Nullable Link queue() {
    return queue;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Kind kind() {
    return kind;
  }

  @Override
  public long hardwareAddress() {
    return hardwareAddress;
  }

  @Override
  public int mtu() {
    return mtu;
  }

  @Override
  public LinkOffloads offloads() {
    return offloads;
  }

  @Override
  public boolean brings(
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    int number = FlowNumber.of(localHigh, localLow, localPort, remoteHigh, remoteLow, remotePort);
    return number % group.links.length == place;
  }

  // ---- Receive ----------------------------------------------------------------------------------

  @Override
  public int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    int before = burst.size();
    releaseTaken();
    if (queue != null) {
      forward(queue);
      if (next == arrived.size()) {
        arrived.clear();
        next = 0;
        queue.receive(arrived);
      }
      sort(burst);
    }
    takeFromOthers(burst);
    return burst.size() - before;
  }

  /** What the last receive lent from rings is over. */
  private void releaseTaken() {
    for (int from = 0; from < group.links.length; from++) {
      PacketRing ring = group.rings[from][place];
      if (ring != null) {
        ring.reader.release();
      }
    }
  }

  private void sort(Burst burst) {
    boolean handed = false;
    for (; next < arrived.size() && !burst.isFull(); next++) {
      int number =
          FlowNumber.of(kind, arrived.memory(next), arrived.start(next), arrived.length(next));
      int to = number % group.links.length;
      boolean ours = number < 0 || to == place;
      if (ours) {
        burst.add(
            arrived.memory(next),
            arrived.start(next),
            arrived.length(next),
            arrived.flags(next),
            arrived.segmentBytes(next));
      }
      if (number >= 0 && to != place) {
        handOver(to);
        handed = true;
      } else if (isForOthersToo(number)) {
        handed = true;
        for (int i = 0; i < group.links.length; i++) {
          if (i != place) {
            handOver(i);
          }
        }
      }
    }
    if (handed) {
      publish();
    }
  }

  private boolean isForOthersToo(int number) {
    return (number == FlowNumber.ALL && !group.signalsToAll)
        || (number == FlowNumber.FRAGMENT && !group.fragmentsToAll);
  }

  private void handOver(int to) {
    PacketRing ring = group.rings[place][to];
    if (ring != null && ring.writer.copy(arrived, next)) {
      handedOver++;
    } else {
      drops++;
    }
  }

  /** The others may have what was put into the rings to them. */
  private void publish() {
    for (int to = 0; to < group.links.length; to++) {
      PacketRing ring = group.rings[place][to];
      if (ring != null && ring.writer.publish()) {
        group.links[to].wakeIfAsleep();
      }
    }
  }

  private void takeFromOthers(Burst burst) {
    if (group.alone && place == 0) {
      return; // all comes by the queue, and the rings hold what is to be sent
    }
    int count = group.links.length;
    turn = turn + 1 == count ? 0 : turn + 1;
    for (int i = 0; i < count; i++) {
      int from = turn + i < count ? turn + i : turn + i - count;
      PacketRing ring = group.rings[from][place];
      while (ring != null && !burst.isFull() && ring.reader.hasNext()) {
        ring.reader.take(burst);
      }
    }
  }

  // ---- Transmit ---------------------------------------------------------------------------------

  /** Sends what links without a queue want sent. */
  private void forward(Link device) {
    boolean any = false;
    for (SteeredLink link : group.links) {
      PacketRing ring = link.queue == null ? group.rings[link.place][place] : null;
      int most = Burst.CAPACITY; // then it is the next one's turn, and time to receive
      while (ring != null && most-- > 0 && ring.reader.hasNext()) {
        any = true;
        if (device.claim(ring.reader.nextLength(), forwarded)) {
          ring.reader.take(forwarded);
          device.commit(forwarded);
        } else {
          ring.reader.skip(); // the device has counted it
        }
      }
      if (ring != null) {
        ring.reader.release();
      }
    }
    if (any) {
      device.flush();
    }
  }

  @Override
  public int gatherPieces() {
    return queue == null ? 0 : queue.gatherPieces();
  }

  @Override
  public boolean gathers(MemorySegment memory) {
    return queue != null && queue.gathers(memory);
  }

  @Override
  public long gathersDone() {
    return queue == null ? 0 : queue.gathersDone();
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (queue != null) {
      return queue.claim(bytes, packet);
    }
    PacketRing ring = group.rings[place][0];
    long at = closed || group.links[0].closed || ring == null ? -1 : ring.writer.claim(bytes);
    if (at < 0 || ring == null) {
      drops++;
      return false;
    }
    claim.begin(this, bytes);
    packet.lend(ring.writer.memory(), at);
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    if (queue != null) {
      queue.commit(packet);
      return;
    }
    claim.commit(this, packet);
    PacketRing ring = group.rings[place][0];
    if (ring != null && packet.length > 0) {
      ring.writer.commit(packet);
    }
  }

  @Override
  public void cancel(TransmitPacket packet) {
    if (queue != null) {
      queue.cancel(packet);
    } else {
      claim.cancel();
    }
  }

  @Override
  public void flush() {
    if (queue != null) {
      queue.flush();
    } else {
      publish();
    }
  }

  // ---- Waiting ----------------------------------------------------------------------------------

  @Override
  public void awaitReadable(long timeoutNanos) {
    if (closed || timeoutNanos <= 0 || next < arrived.size()) {
      return;
    }
    sleeper.begin();
    if (!hasFromOthers()) {
      if (queue != null) {
        queue.awaitReadable(timeoutNanos);
      } else {
        park(timeoutNanos);
      }
    }
    sleeper.end();
  }

  private void park(long timeoutNanos) {
    waiter = Thread.currentThread();
    if (!woken) {
      LockSupport.parkNanos(this, timeoutNanos);
    }
    waiter = null;
    woken = false;
  }

  private boolean hasFromOthers() {
    for (int from = 0; from < group.links.length; from++) {
      PacketRing ring = group.rings[from][place];
      if (ring != null && ring.reader.hasNext()) {
        return true;
      }
    }
    return false;
  }

  private void wakeIfAsleep() {
    if (sleeper.mustWake()) {
      wake();
    }
  }

  @Override
  public void wake() {
    if (queue != null) {
      queue.wake();
    } else {
      woken = true;
      LockSupport.unpark(waiter);
    }
  }

  @Override
  public long drops() {
    return drops + (queue == null ? 0 : queue.drops());
  }

  /** The last one of the group gives back the rings. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (queue != null) {
      forward(queue);
      queue.close();
    }
    if (group.open.decrementAndGet() == 0) {
      group.arena.close();
    }
  }
}
