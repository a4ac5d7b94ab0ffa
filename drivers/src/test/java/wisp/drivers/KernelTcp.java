package wisp.drivers;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;

/**
 * Just enough TCP over IPv6 to talk to a socket of the kernel through a link: a handshake, one
 * packet to be cut, and what comes back. No loss, no options but the MSS.
 */
public final class KernelTcp {
  public static final String OWN = "fd09::7";
  public static final String KERNEL = "fd09::1";
  public static final int MSS = 1440;
  private static final int OWN_PORT = 5000;
  private static final int FIN = 1;
  private static final int SYN = 2;
  private static final int ACK = 16;
  private static final int HEADERS = 60; // IPv6 and TCP

  private final Link link;
  private final long kernelHardwareAddress;
  private final int port;
  private final Burst burst = new Burst();
  private int pending; // next packet of the burst
  private int sndNxt = 1000;
  private int rcvNxt;
  private int segmentBytes; // of the last packet taken
  private int flags;

  public KernelTcp(Link link, long kernelHardwareAddress, int port) {
    this.link = link;
    this.kernelHardwareAddress = kernelHardwareAddress;
    this.port = port;
  }

  public void connect() {
    send(SYN, new byte[] {2, 4, MSS >>> 8, (byte) MSS}, new byte[0], 0);
    sndNxt++;
    byte[] answer = receive();
    assertTrue((answer[53] & (SYN | ACK)) == (SYN | ACK), "no SYN-ACK");
    rcvNxt = ByteBuffer.wrap(answer).getInt(44) + 1;
    acknowledge();
  }

  public void acknowledge() {
    send(ACK, new byte[0], new byte[0], 0);
  }

  /** One packet, to be cut by the link. */
  public void sendUncut(byte[] payload) {
    send(ACK, new byte[0], payload, MSS);
    sndNxt += payload.length;
  }

  /** The payload of the next packet with any, as one piece; acknowledged. */
  public byte[] receiveText() {
    while (true) {
      byte[] packet = receive();
      int header = 40 + (packet[52] >> 4 & 0xF) * 4;
      if (packet.length > header && ByteBuffer.wrap(packet).getInt(44) == rcvNxt) {
        rcvNxt += packet.length - header;
        acknowledge();
        return Arrays.copyOfRange(packet, header, packet.length);
      }
      assertTrue((packet[53] & FIN) == 0, "the kernel closes");
    }
  }

  /** Payload bytes of each segment of the packet taken last; 0: it was one. */
  public int segmentBytes() {
    return segmentBytes;
  }

  public int flags() {
    return flags;
  }

  private byte[] receive() {
    long deadline = System.nanoTime() + 5_000_000_000L;
    while (System.nanoTime() < deadline) {
      if (pending < burst.size()) {
        byte[] packet = Packets.copy(burst, pending);
        segmentBytes = burst.segmentBytes(pending);
        flags = burst.flags(pending);
        pending++;
        if (link.kind() == Link.Kind.ETHERNET) {
          packet = Packets.unframed(packet, Packets.ETHER_IPV6);
        }
        if (Packets.isIpv6(packet, Packets.TCP)) {
          return packet;
        }
        continue;
      }
      pending = 0;
      burst.clear();
      if (link.receive(burst) == 0) {
        link.awaitReadable(1_000_000);
      }
    }
    throw new AssertionError("the kernel is silent");
  }

  private void send(int control, byte[] options, byte[] payload, int segment) {
    var transport = ByteBuffer.allocate(20 + options.length + payload.length);
    transport.putShort((short) OWN_PORT).putShort((short) port).putInt(sndNxt).putInt(rcvNxt);
    transport.put((byte) (20 + options.length << 2)).put((byte) control).putShort((short) 0xFFFF);
    transport.putInt(0).put(options).put(payload);
    byte[] bytes =
        segment > 0
            ? Packets.ipv6Partial(Packets.TCP, OWN, KERNEL, transport.array(), 16)
            : Packets.ipv6(Packets.TCP, OWN, KERNEL, transport.array(), 16);
    int frame = 0;
    if (link.kind() == Link.Kind.ETHERNET) {
      frame = 14;
      bytes =
          Packets.ethernet(
              kernelHardwareAddress, link.hardwareAddress(), Packets.ETHER_IPV6, bytes);
    }
    var packet = new TransmitPacket();
    assertTrue(link.claim(bytes.length, packet));
    MemorySegment.copy(bytes, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, bytes.length);
    packet.length = bytes.length;
    if (segment > 0) {
      packet.needsChecksum = true;
      packet.checksumStart = frame + 40;
      packet.checksumOffset = 16;
      packet.segmentBytes = segment;
      packet.headerBytes = HEADERS;
    }
    link.commit(packet);
    link.flush();
  }
}
