package wisp.drivers.rawip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wisp.drivers.changes.ChangeFolder.Leftover;
import wisp.drivers.linux.TestProcess;

/** How the process that had the link open ends, and what is left. */
class RawIpEndTest extends RawIpTest {
  private String before;

  @BeforeEach
  void makeAReversePathTest() {
    ours.run("sysctl", "-qw", "net.ipv4.conf.wispa.rp_filter=1");
    before = system();
  }

  private TestProcess start() throws Exception {
    var process =
        new TestProcess(
            RawIpHolder.class,
            "open",
            "rawip:wispa,own=10.9.1.0/24+10.9.2.7,netns=" + ours.name(),
            changes.path().toString());
    assertNotEquals(before, system());
    return process;
  }

  @Test
  void givenSigterm_thenNothingIsLeft() throws Exception {
    try (TestProcess process = start()) {
      process.terminate();
      assertEquals(before, system());
      assertEquals(0, notes());
    }
  }

  @Test
  void givenItIsKilled_thenTheNextStartUndoesWhatItLeft() throws Exception {
    try (TestProcess process = start()) {
      assertEquals(List.of(), changes.leftovers());
      process.kill();
      assertNotEquals(before, system());
      String inside = "nsenter --net=/run/netns/" + ours.name() + " sh -c '";
      assertEquals(
          List.of(
              "ip route del local 10.9.2.7/32 dev lo table local",
              "ip route del local 10.9.1.0/24 dev lo table local",
              "echo 1 > /proc/sys/net/ipv4/conf/wispa/rp_filter",
              "ip rule del from 10.9.2.7/32 priority 10 blackhole",
              "ip rule del from 10.9.1.0/24 priority 10 blackhole"),
          changes.leftovers().stream()
              .map(Leftover::remedy)
              .map(remedy -> remedy.substring(inside.length(), remedy.length() - 1))
              .toList());
      open("wispa,own=10.9.3.0/24").close();
      assertEquals(before, system());
      assertEquals(0, notes());
    }
  }

  @Test
  void givenItIsKilled_thenTheCommandsThatAreNamedUndoIt() throws Exception {
    try (TestProcess process = start()) {
      process.kill();
      for (Leftover leftover : changes.leftovers()) {
        assertTrue(leftover.toString().startsWith("left behind by rawip "), leftover.toString());
        peer.run("sh", "-c", leftover.remedy()); // from wherever
      }
      assertEquals(before, system());
      assertEquals(List.of(), changes.cleanUp());
      assertEquals(0, notes());
    }
  }

  @Test
  void givenItIsKilled_whenTheSameAddressesAreWanted_thenTheNextOneHasThem() throws Exception {
    try (TestProcess process = start()) {
      process.kill();
      try (RawIpLink link = open("wispa,own=10.9.1.0/24")) {
        peer.start("ping", "-c", "1", "-W", "1", OWN).waitFor();
        assertEquals(1, drain(link).size());
      }
      assertEquals(before, system());
    }
  }

  @Test
  void givenItIsKilled_thenWhatAnotherLinkReliesOnStays() throws Exception {
    try (TestProcess process = start()) {
      try (RawIpLink link = open("wispa,own=10.9.3.0/24")) {
        process.kill();
        open("wispa,own=10.9.4.0/24").close();
        assertTrue(!system().contains("10.9.1.0/24"), system());
        peer.start("ping", "-c", "1", "-W", "1", "10.9.3.3").waitFor();
        assertEquals(1, drain(link).size());
      }
      assertEquals(before, system());
      assertEquals(0, notes());
    }
  }

  @Test
  void givenItLives_thenNobodyElseUndoesAnything() throws Exception {
    try (TestProcess process = start()) {
      String with = system();
      assertEquals(List.of(), changes.cleanUp());
      open("wispa,own=10.9.3.0/24").close();
      assertEquals(with, system());
      assertEquals(1, notes());
      process.terminate();
    }
  }
}
