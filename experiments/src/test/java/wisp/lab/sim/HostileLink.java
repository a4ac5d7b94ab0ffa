package wisp.lab.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkWrapper;

/**
 * Somebody on the path of what a context receives: remembers packets and, when told, puts in forged
 * ones that are built from them, with checksums that are right.
 *
 * <p>A mild forgery never names a byte of the stream wrongly: payload keeps its sequence number, a
 * SYN its own. A wild one may do anything.
 *
 * <p>Also stops a context that sends without end in one call.
 */
final class HostileLink extends LinkWrapper {
  private static final int REMEMBERED = 64;
  private static final int IP = 20;
  private static final int SYN = 2;
  private static final int MOST_IN_A_CALL = 1_000_000;

  private final SplittableRandom random;
  private final List<byte[]> observed = new ArrayList<>();
  private final ArrayDeque<byte[]> forged = new ArrayDeque<>();
  private boolean listening;
  private int claimed;

  HostileLink(Link link, long seed) {
    super(link);
    this.random = new SplittableRandom(seed);
  }

  void listen() {
    listening = true;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (++claimed > MOST_IN_A_CALL) {
      throw new AssertionError("sends without end");
    }
    return super.claim(bytes, packet);
  }

  @Override
  public void flush() {
    claimed = 0;
    super.flush();
  }

  /** Puts one more forged packet before the context. */
  void forge(boolean wild) {
    if (observed.isEmpty()) {
      return;
    }
    byte[] p = observed.get(random.nextInt(observed.size())).clone();
    boolean isWhole = p.length >= IP + 20 && p[0] == 0x45 && p[9] == 6;
    if (!isWhole || random.nextInt(4) == 0) {
      forged.add(p); // an old copy
      return;
    }
    p = truncated(p);
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      change(p, wild);
    }
    if (wild && random.nextInt(4) == 0) {
      p[IP + 12 + random.nextInt(p.length - IP - 12)] ^= (byte) (1 << random.nextInt(8));
    }
    sign(p);
    forged.add(p);
  }

  private byte[] truncated(byte[] p) {
    int header = IP + (p[IP + 12] >>> 4 & 15) * 4;
    if (header >= p.length || random.nextInt(3) != 0) {
      return p;
    }
    return Arrays.copyOf(p, header + random.nextInt(p.length - header));
  }

  private void change(byte[] p, boolean wild) {
    ByteBuffer b = ByteBuffer.wrap(p);
    int header = IP + (p[IP + 12] >>> 4 & 15) * 4;
    switch (random.nextInt(5)) {
      case 0 -> p[IP + 13] ^= (byte) (1 << random.nextInt(8));
      case 1 -> {
        boolean harmless = header >= p.length && (p[IP + 13] & SYN) == 0;
        if (wild || harmless) {
          b.putInt(IP + 4, b.getInt(IP + 4) + offset());
        }
      }
      case 2 -> b.putInt(IP + 8, b.getInt(IP + 8) + offset());
      case 3 -> b.putShort(IP + 14, (short) (random.nextBoolean() ? 0 : random.nextInt()));
      default -> b.putShort(IP + 18, (short) random.nextInt(3_000));
    }
  }

  private int offset() {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt();
      case 1 -> random.nextInt(3) - 1;
      default -> random.nextInt(6_000) - 3_000;
    };
  }

  private static boolean isIntact(byte[] p) {
    byte[] signed = p.clone();
    if (p.length < IP + 20 || p[0] != 0x45 || p[9] != 6) {
      return false;
    }
    sign(signed);
    return Arrays.equals(p, signed);
  }

  static void sign(byte[] p) {
    ByteBuffer b = ByteBuffer.wrap(p);
    b.putShort(2, (short) p.length).putShort(10, (short) 0);
    b.putShort(10, (short) ~sum(p, 0, IP, 0));
    long pseudo = 6L + p.length - IP;
    for (int i = 12; i < 20; i += 2) {
      pseudo += b.getShort(i) & 0xFFFF;
    }
    b.putShort(IP + 16, (short) 0);
    b.putShort(IP + 16, (short) ~sum(p, IP, p.length, pseudo));
  }

  private static int sum(byte[] p, int from, int to, long initial) {
    long sum = initial;
    for (int i = from; i < to; i++) {
      sum += (i - from) % 2 == 0 ? (p[i] & 255) << 8 : p[i] & 255;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xFFFF) + (sum >>> 16);
    }
    return (int) sum;
  }

  @Override
  public int receive(Burst burst) {
    int before = burst.size();
    int from = forged.isEmpty() || random.nextBoolean() ? before : add(burst);
    link.receive(burst);
    for (int i = from; listening && i < burst.size(); i++) {
      remember(burst.memory(i), burst.start(i), burst.length(i));
    }
    add(burst);
    return burst.size() - before;
  }

  private int add(Burst burst) {
    while (!forged.isEmpty() && !burst.isFull()) {
      byte[] p = forged.poll();
      burst.add(MemorySegment.ofArray(p), 0, p.length, 0);
    }
    return burst.size();
  }

  private void remember(MemorySegment memory, long start, int length) {
    byte[] p = new byte[length];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, start, p, 0, length);
    if (!isIntact(p)) {
      return; // signing it again would make it true
    }
    if (observed.size() < REMEMBERED) {
      observed.add(p);
    } else if (random.nextInt(4) == 0) {
      observed.set(random.nextInt(REMEMBERED), p);
    }
  }

  @Override
  public String name() {
    return "hostile:" + link.name();
  }
}
