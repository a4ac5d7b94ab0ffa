package wisp.lab.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  @TempDir Path folder;

  private static Row row(double value, String note) {
    return new Row("r", "memory", "slab", "inmemory", 1000, 1, "bytes", "bytes", value, note);
  }

  @Test
  void rowsComeBackAsTheyWere() throws IOException {
    var written = RunFolder.create(folder.resolve("r"));
    var rows = List.of(row(41.5, ""), row(Double.NaN, "skipped: a, \"b\""), row(1e12, "x"));
    written.add(rows.subList(0, 1));
    written.add(rows.subList(1, 3));
    assertEquals(rows, RunFolder.open(folder.resolve("r")).rows());
  }

  @Test
  void theColumnsBeginAsAgreed() throws IOException {
    RunFolder.create(folder);
    assertTrue(
        Files.readString(folder.resolve("data.csv"))
            .startsWith("run,suite,strategy,link,connections,repetition,metric,unit,value"));
  }

  @Test
  void furtherColumnsAreIgnored() throws IOException {
    Files.writeString(
        folder.resolve("data.csv"),
        "run,suite,strategy,link,connections,repetition,metric,unit,value,note,scenario,colour\n"
            + "r,memory,slab,inmemory,1000,1,bytes,bytes,41.5,,,blue\n");
    assertEquals(List.of(row(41.5, "")), RunFolder.open(folder).rows());
  }

  @Test
  void saysWhatIsWrongWithAFolder() throws IOException {
    var nothing = assertThrows(IOException.class, () -> RunFolder.open(folder));
    assertTrue(nothing.getMessage().endsWith("is not a run: it has no data.csv"));
    Files.writeString(folder.resolve("data.csv"), "a,b\n1,2\n");
    assertThrows(IOException.class, () -> RunFolder.open(folder));
  }

  @Test
  void numbersAreShort() {
    assertEquals("1000000", Row.number(1e6));
    assertEquals("41.5", Row.number(41.5));
    assertEquals("0.3333", Row.number(1 / 3.0));
    assertEquals("-2", Row.number(-2));
    assertEquals("", Row.number(Double.NaN));
  }
}
