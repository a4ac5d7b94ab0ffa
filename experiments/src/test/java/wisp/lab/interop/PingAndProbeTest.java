package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("What the kernel's tools and hand-made packets find out about us: ICMP and fragments")
@Tag("interop")
@Timeout(30)
class PingAndProbeTest {
  private KernelLab lab;

  @BeforeEach
  void open() {
    lab = KernelLab.with().dualStack().open();
  }

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  private static String ours(String family) {
    return family.equals("4") ? KernelLab.OURS : KernelLab.OURS_IPV6;
  }

  private void python(String program, String... arguments) {
    assertEquals("", lab.namespace().python(Packets.PYTHON + program, arguments));
  }

  // ---- ping ------------------------------------------------------------------------------------

  @ParameterizedTest(name = "ping -s {0}")
  @ValueSource(strings = {"56", "1452", "8000", "60000"})
  @DisplayName("RFC 1122 §3.2.2.6: an echo request of any length is answered, in fragments too")
  @Tag("rfc792-a")
  @Tag("rfc791-d")
  void whenPingedOverIpv4_thenTheSameBytesComeBack(String size) {
    ping("-4", KernelLab.OURS, size);
  }

  @ParameterizedTest(name = "ping -6 -s {0}")
  @ValueSource(strings = {"56", "1452", "8000", "60000"})
  @DisplayName("RFC 4443 §4.2: an echo request of any length is answered, in fragments too")
  @Tag("rfc4443-a")
  void whenPingedOverIpv6_thenTheSameBytesComeBack(String size) {
    ping("-6", KernelLab.OURS_IPV6, size);
  }

  /** ping itself compares identifier, sequence, source and data with what it sent. */
  private void ping(String family, String to, String size) {
    assumeTrue(Namespace.isInstalled("ping"), "ping (package iputils-ping) is not installed");
    String output = lab.namespace().run("ping", family, "-c5", "-i0.02", "-s", size, to);
    assertTrue(output.contains("5 received, 0% packet loss"), output);
    assertTrue(!output.contains("wrong data byte") && !output.contains("DUP"), output);
    assertEquals(5, lab.count(Event.ECHO_REPLIES));
    assertEquals(Integer.parseInt(size) > 1452 ? 5 : 0, lab.count(Event.REASSEMBLED));
  }

  // ---- tracepath -------------------------------------------------------------------------------

  @ParameterizedTest(name = "tracepath -{0}")
  @ValueSource(strings = {"4", "6"})
  void whenTracepathLooks_thenItReachesUsWithAllOfTheMtu(String family) {
    assumeTrue(
        Namespace.isInstalled("tracepath"),
        "tracepath (package iputils-tracepath) is not installed");
    String output = lab.namespace().run("tracepath", "-" + family, "-n", ours(family));
    assertTrue(output.contains(" reached"), output);
    assertTrue(output.contains("Resume: pmtu 1500 hops 1"), output);
  }

  // ---- Fragments made by hand ------------------------------------------------------------------

  @ParameterizedTest(name = "IPv{0}, fragments of {1} bytes, {2}")
  @CsvSource({
    "4,24,in order", "4,8,in order", "4,24,backwards", "4,1400,backwards",
    "6,24,in order", "6,8,in order", "6,24,backwards", "6,1400,backwards"
  })
  @DisplayName(
      "RFC 791 §3.2, RFC 8200 §4.5: a datagram for a closed port is put together, answered")
  void whenAUdpDatagramComesInFragments_thenItsPortIsUnreachable(
      String family, String size, String order) {
    python(
        """
        family, size = int(sys.argv[1]), int(sys.argv[2])
        pieces = fragments(family, 17, udp(family, bytes(range(250)) * 12), size, 77)
        for piece in reversed(pieces) if sys.argv[3] == 'backwards' else pieces:
            send(piece)
        kind, code, _, quote = icmp(answer(is_icmp))
        assert (kind, code) == ((3, 3) if family == 4 else (1, 4)), (kind, code)
        at = 20 if family == 4 else 40
        assert quote[at:at + 4] == struct.pack('!HH', 40000, 53), quote
        """,
        family,
        size,
        order);
    assertEquals(1, lab.count(Event.REASSEMBLED));
    assertEquals(1, lab.count(Event.DROP_UDP));
  }

  @ParameterizedTest(name = "IPv{0}")
  @ValueSource(strings = {"4", "6"})
  @DisplayName("RFC 5722 §4: overlapping fragments give nothing, not even an error")
  void whenFragmentsOverlap_thenNothingComesOfThem(String family) {
    python(
        """
        family = int(sys.argv[1])
        text = udp(family, bytes(2000))
        send(fragment(family, 17, text[:800], 5, 0, True))
        send(fragment(family, 17, text[792:1600], 5, 792, True))
        send(fragment(family, 17, text[1600:], 5, 1600, False))
        send((ipv4 if family == 4 else ipv6)(17, udp(family, b'whole')))
        kind, code, _, quote = icmp(answer(is_icmp))
        length = struct.unpack_from('!H', quote, 2 if family == 4 else 4)[0]
        assert length == (33 if family == 4 else 13), 'an answer to the wrong one'
        """,
        family);
    assertEquals(0, lab.count(Event.REASSEMBLED));
    assertEquals(3, lab.count(Event.DROP_FRAGMENT_OVERLAP));
  }

  // ---- What is not spoken here -----------------------------------------------------------------

  @Test
  @DisplayName("RFC 1122 §3.2.2.1: an unknown protocol is unreachable, code 2")
  @Tag("rfc792-d")
  void whenAnUnknownProtocolComesOverIpv4_thenItIsUnreachable() {
    python(
        """
        send(ipv4(253, b'experiment'))
        kind, code, _, quote = icmp(answer(is_icmp))
        assert (kind, code) == (3, 2), (kind, code)
        assert quote[9] == 253 and quote[20:28] == b'experime', quote
        """);
    assertEquals(1, lab.count(Event.DROP_IP_PROTOCOL));
  }

  @Test
  @DisplayName("RFC 8200 §4: an unknown next header is a parameter problem, code 1, pointing at it")
  @Tag("rfc8200-a")
  void whenAnUnknownNextHeaderComes_thenTheProblemIsPointedAt() {
    python(
        """
        def problem():
            kind, code, pointer, quote = icmp(answer(is_icmp))
            assert (kind, code) == (4, 1), (kind, code)
            return pointer, quote
        packet = ipv6(253, b'experiment')
        send(packet)
        assert problem() == (6, packet)
        behind = ipv6(60, struct.pack('!BB6s', 253, 0, bytes([1, 4, 0, 0, 0, 0])) + b'experiment')
        send(behind)
        assert problem() == (40, behind)
        """);
    assertEquals(2, lab.count(Event.ICMP_ERRORS_SENT));
  }
}
