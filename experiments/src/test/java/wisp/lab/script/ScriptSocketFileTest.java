package wisp.lab.script;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.lab.UsageException;

@DisplayName("The script port takes the place of a socket that was left over, and of nothing else")
class ScriptSocketFileTest {
  @TempDir private Path folder;
  private Path path;

  @BeforeEach
  void name() {
    path = folder.resolve("s");
  }

  private void assertRefused() {
    var e = assertThrows(UsageException.class, () -> new ScriptServer(path, true).close());
    assertEquals("--sock " + path + ": there is something else of that name", e.getMessage());
    assertTrue(Files.exists(path, LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void givenAFile_whenListening_thenRefusedAndItIsStillThere() throws IOException {
    Files.writeString(path, "precious");
    assertRefused();
    assertEquals("precious", Files.readString(path));
  }

  @Test
  void givenALinkToNothing_whenListening_thenRefused() throws IOException {
    Files.createSymbolicLink(path, folder.resolve("nothing"));
    assertRefused();
  }

  @Test
  void givenAFolder_whenListening_thenRefused() throws IOException {
    Files.createDirectory(path);
    assertRefused();
  }

  @Test
  void givenASocketThatWasLeftOver_whenListening_thenReplaced() throws IOException {
    try (var left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      left.bind(UnixDomainSocketAddress.of(path));
    }
    assertTrue(Files.exists(path));
    new ScriptServer(path, true).close();
    assertFalse(Files.exists(path));
  }
}
