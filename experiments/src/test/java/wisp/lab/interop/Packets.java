package wisp.lab.interop;

/**
 * A Python program's beginning: makes IP packets by hand and puts them on the device as they are.
 */
final class Packets {
  /** {@code device} is open; functions build packets of both families, and fragments of them. */
  static final String PYTHON =
      """
      import socket, struct, sys, time
      V4, V6 = 0x0800, 0x86DD
      KERNEL, OURS = {4: '10.9.0.1', 6: 'fd00:9::1'}, {4: '10.9.1.1', 6: 'fd00:9::1:1'}
      device = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
      device.bind(('wisp0', 3))
      device.settimeout(3)

      def address(text):
          return socket.inet_pton(socket.AF_INET6 if ':' in text else socket.AF_INET, text)

      def checksum(data):
          data += bytes(len(data) % 2)
          total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
          while total > 0xFFFF:
              total = (total & 0xFFFF) + (total >> 16)
          return ~total & 0xFFFF

      def ipv4(protocol, payload, to=OURS[4], source=KERNEL[4], ident=0, offset=0, more=False):
          field = offset // 8 | (0x2000 if more else 0)
          def header(check):
              return struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(payload), ident, field, 64,
                                 protocol, check) + address(source) + address(to)
          return header(checksum(header(0))) + payload

      def ipv6(next_header, payload, to=OURS[6], source=KERNEL[6]):
          return struct.pack('!IHBB', 6 << 28, len(payload), next_header, 64) \\
              + address(source) + address(to) + payload

      def fragment(family, protocol, piece, ident, offset, more, to=None, source=None):
          to, source = to or OURS[family], source or KERNEL[family]
          if family == 4:
              return ipv4(protocol, piece, to, source, ident & 0xFFFF, offset, more)
          header = struct.pack('!BBHI', protocol, 0, offset | more, ident)
          return ipv6(44, header + piece, to, source)

      def fragments(family, protocol, payload, size, ident):
          return [fragment(family, protocol, payload[at:at + size], ident, at,
                           at + size < len(payload)) for at in range(0, len(payload), size)]

      def udp(family, payload, port=53, source_port=40000):
          def datagram(check):
              return struct.pack('!HHHH', source_port, port, 8 + len(payload), check) + payload
          pseudo = address(KERNEL[family]) + address(OURS[family])
          length = 8 + len(payload)
          pseudo += struct.pack('!BBH', 0, 17, length) if family == 4 \\
              else struct.pack('!II', length, 17)
          return datagram(checksum(pseudo + datagram(0)) or 0xFFFF)

      def send(packet):
          device.sendto(packet, ('wisp0', V4 if packet[0] >> 4 == 4 else V6))

      def answer(wanted):
          '''The next packet from the stack that is wanted, as a function of it says.'''
          limit = time.time() + 3
          while time.time() < limit:
              packet, where = device.recvfrom(65535)
              if where[2] != socket.PACKET_OUTGOING and wanted(packet):
                  return packet
          raise SystemExit('no answer')

      def icmp(packet):
          '''(type, code, third and fourth word, quote) of an ICMP or ICMPv6 message.'''
          at = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
          return packet[at], packet[at + 1], struct.unpack_from('!I', packet, at + 4)[0], packet[at + 8:]

      def is_icmp(packet):
          return packet[9] == 1 if packet[0] >> 4 == 4 else packet[6] == 58
      """;

  private Packets() {}
}
