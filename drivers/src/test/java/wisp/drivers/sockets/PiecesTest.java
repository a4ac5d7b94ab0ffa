package wisp.drivers.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What was written and not confirmed, in pieces")
class PiecesTest {
  private final Pieces pieces = new Pieces();

  private void costs(int bytes, int count) {
    assertEquals(bytes, pieces.bytes());
    assertEquals(bytes + count * Pieces.OVERHEAD, pieces.cost());
  }

  @Test
  void givenTextThatWaits_whenMoreComes_thenItIsOnePiece() {
    pieces.append(100);
    pieces.append(50);
    costs(150, 1);
    assertEquals(150, pieces.openBytes());
  }

  @Test
  void givenAPieceThatIsClosed_whenMoreComes_thenItIsAnother() {
    pieces.append(100);
    pieces.close();
    assertEquals(0, pieces.openBytes());
    pieces.append(50);
    costs(150, 2);
    assertEquals(50, pieces.openBytes());
  }

  @Test
  void givenAPart_whenSent_thenItIsAPieceAndTheRestTakesMore() {
    pieces.append(16_000);
    pieces.sentTo(10_000);
    costs(16_000, 2);
    assertEquals(6_000, pieces.openBytes());
    pieces.append(10_000);
    costs(26_000, 2);
    pieces.sentTo(26_000);
    assertEquals(0, pieces.openBytes());
    pieces.append(1);
    costs(26_001, 3);
  }

  @Test
  void givenPieces_whenAPartIsConfirmed_thenItsBytesAreFreeAndThePieceStays() {
    pieces.append(1_000);
    pieces.sentTo(1_000);
    pieces.append(500);
    pieces.confirm(400);
    costs(1_100, 2);
    pieces.confirm(600);
    costs(500, 1);
    pieces.confirm(500);
    costs(0, 0);
    assertEquals(1_500, pieces.sentTo());
    assertEquals(1_500, pieces.confirmed());
  }

  @Test
  void givenNews_whenOlderThanWhatIsKnown_thenNothingChanges() {
    pieces.append(1_000);
    pieces.sentTo(800);
    pieces.sentTo(300);
    assertEquals(800, pieces.sentTo());
    costs(1_000, 2);
  }
}
