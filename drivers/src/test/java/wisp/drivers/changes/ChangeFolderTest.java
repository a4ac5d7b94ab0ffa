package wisp.drivers.changes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.KernelFile;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.linux.TestNamespace;

/** Changes in a namespace made for the test: none of this machine's own settings is touched. */
class ChangeFolderTest {
  private static final String SETTING = "/proc/sys/net/ipv4/ip_default_ttl";
  @TempDir Path temporary;
  private TestNamespace namespace;
  private ChangeFolder folder;

  @BeforeEach
  void makeNamespace() {
    namespace = new TestNamespace();
    folder = new ChangeFolder(temporary.resolve("a/b"));
  }

  @AfterEach
  void deleteNamespace() {
    if (namespace != null) {
      namespace.close();
    }
  }

  private SystemChanges changed(int hops) throws LinkException {
    return NetworkNamespace.inside(
        namespace.name(),
        () -> {
          SystemChanges changes = SystemChanges.open(folder, "test");
          changes.make(KernelSetting.to(SETTING, String.valueOf(hops)));
          return changes;
        });
  }

  private String hops() {
    return namespace.run("cat", SETTING).strip();
  }

  private long files() throws Exception {
    try (var files = Files.list(folder.path())) {
      return files.count();
    }
  }

  private Path onlyFile() throws Exception {
    try (var files = Files.list(folder.path())) {
      return files.reduce((a, b) -> b).orElseThrow();
    }
  }

  /** A copy of a file, of which it looks as if its process had been killed. */
  private void leave(String name, List<String> lines) throws Exception {
    Files.write(folder.path().resolve(name), lines);
  }

  @Test
  void aChangeIsUndoneOnClose_whereItWasMade_theLastOneFirst() throws Exception {
    String here = KernelFile.read(Path.of(SETTING));
    SystemChanges changes = changed(11);
    NetworkNamespace.inside(
        namespace.name(),
        () -> {
          changes.make(KernelSetting.to(SETTING, "12"));
          return "";
        });
    assertEquals("12", hops());
    assertEquals(here, KernelFile.read(Path.of(SETTING)));
    changes.close();
    changes.close();
    assertEquals("64", hops());
    assertEquals(0, files());
    assertThrows(
        IllegalStateException.class, () -> changes.make(new KernelSetting(SETTING, "1", "2")));
  }

  @Test
  void whatSomebodyElseHasChangedSinceStays() throws Exception {
    SystemChanges changes = changed(11);
    namespace.run("sh", "-c", "echo 33 > " + SETTING);
    changes.close();
    assertEquals("33", hops());
  }

  @Test
  void aChangeIsNotedBeforeItIsMade_andForgottenWhenItCantBe() throws Exception {
    try (SystemChanges changes = changed(11)) {
      var refused =
          assertThrows(
              LinkException.class,
              () -> changes.make(new KernelSetting("/proc/sys/net/no/such", "1", "2")));
      assertEquals(1, refused.getMessage().lines().count());
      List<String> lines = Files.readAllLines(onlyFile());
      assertEquals(3, lines.size(), lines.toString());
      assertTrue(lines.get(2).endsWith("setting " + SETTING + " 64 11"), lines.toString());
    }
  }

  @Test
  void whatADeadProcessNotedIsUndone_alsoWhenItsLastLineWasCutOff() throws Exception {
    List<String> lines;
    try (var _ = changed(11)) {
      lines = Files.readAllLines(onlyFile());
    }
    namespace.run("sh", "-c", "echo 11 > " + SETTING);
    leave(
        "1-test-1",
        List.of(lines.get(0), lines.get(1), lines.get(2), lines.get(2).substring(0, 20)));
    assertEquals(1, folder.leftovers().size());
    assertNull(folder.leftovers().getFirst().problem());
    assertEquals("11", hops());
    assertEquals(List.of(), folder.cleanUp());
    assertEquals("64", hops());
    assertEquals(0, files());
  }

  @Test
  void whatALivingOneNotedTooStaysUntilItsEnd() throws Exception {
    try (var _ = changed(11)) {
      leave("1-test-1", Files.readAllLines(onlyFile()));
      assertEquals(List.of(), folder.cleanUp());
      assertEquals("11", hops());
      assertEquals(1, files(), "that of the living");
    }
    assertEquals("64", hops());
  }

  @Test
  void whatAnotherBootNotedIsForgotten() throws Exception {
    try (var _ = changed(11)) {
      List<String> lines = Files.readAllLines(onlyFile());
      leave("1-test-1", List.of("boot of-yesterday", lines.get(1), lines.get(2)));
      assertEquals(List.of(), folder.leftovers());
      assertEquals(1, files());
      assertEquals("11", hops());
    }
  }

  @Test
  void whatWasInANamespaceThatIsGoneIsForgotten() throws Exception {
    try (var _ = changed(11)) {
      List<String> lines = Files.readAllLines(onlyFile());
      leave(
          "1-test-1", List.of(lines.get(0), lines.get(1), "net:[1] setting " + SETTING + " 64 11"));
      assertEquals(List.of(), folder.cleanUp());
      assertEquals(1, files());
      assertEquals("11", hops());
    }
  }

  @Test
  void whatCantBeUndoneStaysNoted_andIsSaidInOneLine() throws Exception {
    try (var _ = changed(11)) {
      List<String> lines = Files.readAllLines(onlyFile());
      String identity = lines.get(2).split(" ")[0];
      leave(
          "1-test-1",
          List.of(lines.get(0), "owner test 1", identity + " setting /proc/sys/net/ipv4 64 11"));
      for (int i = 0; i < 2; i++) {
        List<ChangeFolder.Leftover> left = folder.cleanUp();
        assertEquals(1, left.size());
        assertEquals(1, left.getFirst().toString().lines().count());
        String said = left.getFirst().toString();
        assertTrue(
            said.startsWith(
                "left behind by test 1, which was killed; undo it with: nsenter --net=/run/netns/"
                    + namespace.name()
                    + " sh -c 'echo 64 > /proc/sys/net/ipv4' (/proc/sys/net/ipv4 can't be"
                    + " read"),
            said);
      }
    }
  }

  @Test
  void aFolderThatOthersMayWriteToIsNotUsed() throws Exception {
    changed(11).close();
    Files.setPosixFilePermissions(folder.path(), PosixFilePermissions.fromString("rwxrwxrwx"));
    leave("1-test-1", List.of("boot x"));
    var refused = assertThrows(LinkException.class, () -> changed(12));
    assertTrue(refused.getMessage().contains("-Dwisp.run="), refused.getMessage());
    assertEquals(List.of(), folder.cleanUp());
    assertEquals(1, files());
    assertEquals("64", hops());
  }

  @Test
  void theFolderIsForUsAlone() throws Exception {
    changed(11).close();
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.path())));
    assertFalse(ChangeFolder.standard().path().toString().isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "setting /etc/passwd a b",
        "setting /proc/sys/../../etc/passwd a b",
        "setting /proc/sys/net/x a",
        "local 10.9.1.1/24",
        "silenced ten",
        "address 10.9.1.1",
        ""
      })
  void nothingElseIsEverDone(String words) {
    assertThrows(
        IllegalArgumentException.class, () -> SystemChange.read(List.of(words.split(" ", -1))));
  }

  @Test
  void eachKindIsReadAsWritten() {
    for (SystemChange change :
        List.of(
            new LocalPrefix(IpPrefix.parse("10.9.1.0/24")),
            new SilencedPrefix(IpPrefix.parse("fd09::/64")),
            new KernelSetting("/sys/kernel/mm/x", "0", "512"))) {
      assertEquals(change, SystemChange.read(change.words()));
    }
  }

  @Test
  void prefixesOfBothFamiliesAreMadeAndUndone() throws Exception {
    String before = rules();
    NetworkNamespace.inside(
        namespace.name(),
        () -> {
          try (SystemChanges changes = SystemChanges.open(folder, "test")) {
            for (String prefix : List.of("10.9.1.0/24", "10.9.2.7", "fd09:1::/64")) {
              changes.make(new SilencedPrefix(IpPrefix.parse(prefix)));
              changes.make(new LocalPrefix(IpPrefix.parse(prefix)));
              assertTrue(rules().contains("from " + prefix + " blackhole"), rules());
              assertTrue(rules().contains("local " + prefix + " dev lo"), rules());
            }
          }
          return "";
        });
    assertEquals(before, rules());
  }

  private String rules() {
    return namespace.run("ip", "rule")
        + namespace.run("ip", "-6", "rule")
        + namespace.run("ip", "route", "show", "table", "local")
        + namespace.run("ip", "-6", "route", "show", "table", "local");
  }
}
