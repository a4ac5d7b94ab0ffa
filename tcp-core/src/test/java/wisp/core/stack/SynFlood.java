package wisp.core.stack;

import java.nio.ByteBuffer;

/** SYNs from everywhere that nobody stands behind, to the endpoint of a fixture's listener. */
final class SynFlood {
  private static final int BURST = 64;
  private final TcpFixture target;
  private final byte[] packet;
  private int count;

  SynFlood(TcpFixture target, Seg syn) {
    this.target = target;
    this.packet = target.another(1).packet(syn); // a fixture remembers what it sent
  }

  /** So many more, each from an address of its own. What is answered goes nowhere. */
  SynFlood comes(int syns) {
    FixtureHost host = target.host;
    for (int i = 0; i < syns; i++, count++) {
      ByteBuffer p = ByteBuffer.wrap(packet);
      int tcp = target.ipHeader();
      if (tcp == 40) {
        p.putLong(8, 0x2001_0DB8_0000_0001L).putLong(16, count); // 2001:db8:0:1::/64
      } else {
        p.putInt(12, 0xAC10_0000 + count); // 172.16.0.0 and up
      }
      p.putShort(tcp, (short) (1_024 + count % 60_000)).putInt(tcp + 4, count * 0x9E37_79B9);
      TcpFixture.sign(packet);
      host.link.incoming.add(packet.clone());
      if (i % BURST == BURST - 1 || i == syns - 1) {
        host.now += 10_000; // 6.4 million a second
        host.context.poll(host.now);
        host.link.outgoing.clear();
      }
    }
    return this;
  }
}
