package wisp.drivers.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static wisp.drivers.linux.Capability.NET_ADMIN;
import static wisp.drivers.linux.Capability.NET_RAW;

import org.junit.jupiter.api.Test;

class CapabilityTest {
  @Test
  void namesWhatIsMissingAndWhatToDo() {
    assertNull(Capability.missing("x", any -> true, NET_RAW, NET_ADMIN));
    assertEquals(
        "x needs CAP_NET_ADMIN; run as root: sudo ./wisp … (in a container: --cap-add NET_ADMIN)",
        Capability.missing("x", NET_RAW::equals, NET_RAW, NET_ADMIN));
    assertEquals(
        "x needs CAP_NET_RAW and CAP_NET_ADMIN; run as root: sudo ./wisp … (in a container:"
            + " --cap-add NET_RAW --cap-add NET_ADMIN)",
        Capability.missing("x", any -> false, NET_RAW, NET_ADMIN));
  }
}
