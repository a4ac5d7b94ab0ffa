package wisp.lab.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.lab.UsageException;

@DisplayName("Pairs first, and in the end all")
class WalkTest {
  private static final String SMALL =
      "open=ours,data=both,ip=4,link=tun,offload=on,mtu=1500|9000,ts=on,sack=on|not-ours,ws=on,"
          + "control=cubic|reno,loss=0|1%|10%,delay=0|5ms,reorder=0,duplicate=0|1%,corrupt=0,ecn=on";

  @Test
  void theUsualRunHasAllPairsInAboutThirtyCells() {
    var cells = Walk.pairs(new Space(), 1);
    assertEquals(1, Walk.share(new Space(), cells, 2));
    assertTrue(cells.size() >= 20 && cells.size() <= 36, cells.size() + " cells");
  }

  @Test
  void aFullRunBeginsWithThePairsAndThenHasEveryCellOnce() {
    Space space = new Space().only(SMALL);
    var cells = new ArrayList<Cell>();
    new Walk(space, true, 3).forEachRemaining(cells::add);
    assertEquals(96, space.product());
    assertEquals(96, cells.size());
    assertEquals(96, new HashSet<>(cells).size());
    var pairs = List.copyOf(Walk.pairs(space, 3));
    assertEquals(pairs, cells.subList(0, pairs.size()));
  }

  @Test
  void aCellSurvivesItsText() {
    for (Cell cell : Walk.pairs(new Space(), 1)) {
      assertEquals(cell, Cell.parse(cell.text()));
    }
  }

  @Test
  void whatCannotBeHadIsLeftOutAndTheOthersAreStillCovered() {
    Space space = new Space().without(Factor.CONTROL, "bbr");
    var cells = Walk.pairs(space, 1);
    assertTrue(cells.stream().noneMatch(cell -> cell.is(Factor.CONTROL, "bbr")));
    assertEquals(1, Walk.share(space, cells, 2));
  }

  @Test
  void anUnknownFactorOrLevelIsToldWithWhatThereIs() {
    var space = new Space();
    assertTrue(
        assertThrows(UsageException.class, () -> space.only("los=1%"))
            .getMessage()
            .contains("did you mean loss?"));
    assertTrue(
        assertThrows(UsageException.class, () -> space.only("loss=2%"))
            .getMessage()
            .contains("0.1%, 1%"));
  }
}
