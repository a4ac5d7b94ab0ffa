package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What Wireshark's dissectors say of a capture. */
final class Tshark {
  /** What an ICMP error quotes is as it came: with offloads its checksum may be partial. */
  private static final String FAULTS =
      "_ws.malformed || !icmpv6 && tcp.checksum.status == 0 || ip.checksum.status == 0"
          + " || icmp.checksum.status == 0 || icmpv6.checksum.status == 0"
          + " || !(icmp.type == 3 || icmpv6.type < 128)"
          + " && (udp.checksum.status == 0 || _ws.expert.severity == \"Error\")";

  /**
   * A TCP checksum that was looked at and is good. When the kernel computes one that a link was
   * asked for it writes 0 as FFFF, as UDP has it; that is one segment in 65,536, and the same sum.
   */
  private static final String VERIFIED = "tcp.checksum.status == 1 || tcp.checksum == 0xffff";

  private final Namespace namespace;
  private final Path file;

  /** Skips the test where it is not installed. */
  Tshark(Namespace namespace, Path file) {
    assumeTrue(Namespace.isInstalled("tshark"), "tshark is not installed");
    this.namespace = namespace;
    this.file = file;
  }

  /** Nothing is malformed, and all checksums of these protocols were looked at and are good. */
  void assertFaultless(String... protocols) {
    assertEquals("", matching(FAULTS));
    for (String protocol : protocols) {
      assertTrue(
          !matching(protocol + ".checksum.status == 1").isEmpty(),
          "no good checksum of " + protocol + " in " + file);
    }
    assertEquals("", matching("ip && !(ip.checksum.status == 1)"), "not verified");
    assertEquals("", matching("tcp && !icmp && !icmpv6 && !(" + VERIFIED + ")"), "not verified");
  }

  /** What matches, a line for each packet. */
  String matching(String filter) {
    return run(filter, List.of());
  }

  /** Some fields of what matches, a line for each packet, separated by tabs. */
  List<String> fields(String filter, String... fields) {
    var options = new ArrayList<>(List.of("-T", "fields"));
    for (String field : fields) {
      options.addAll(List.of("-e", field));
    }
    return run(filter, options).lines().toList();
  }

  private String run(String filter, List<String> options) {
    var command =
        new ArrayList<>(
            List.of(
                "sh",
                "-c",
                "f=$0 y=$1; shift; tshark -r \"$f\" -o tcp.check_checksum:TRUE"
                    + " -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -Y \"$y\" \"$@\""
                    + " 2>/dev/null",
                file.toString(),
                filter));
    command.addAll(options);
    return namespace.run(command.toArray(String[]::new)).strip();
  }
}
