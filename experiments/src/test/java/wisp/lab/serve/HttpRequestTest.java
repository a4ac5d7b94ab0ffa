package wisp.lab.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpRequestTest {
  private static HttpRequest parse(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return HttpRequest.first(bytes, bytes.length);
  }

  @Test
  void waitsForTheEmptyLine() {
    String whole = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    for (int i = 0; i < whole.length(); i++) {
      assertNull(parse(whole.substring(0, i)), "after " + i);
    }
    assertEquals(new HttpRequest("GET", "/x", true, whole.length(), 0), parse(whole + "GET /"));
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1, '', true",
    "HTTP/1.1, 'Connection: close', false",
    "HTTP/1.0, '', false",
    "HTTP/1.0, 'Connection: Keep-Alive', true",
    "HTTP/1.1, 'Content-Length: 0', true",
    "HTTP/1.1, 'Content-Length: 5', false"
  })
  void knowsWhetherTheConnectionStays(String version, String field, boolean stays) {
    var request =
        parse("GET / " + version + "\r\n" + (field.isEmpty() ? "" : field + "\r\n") + "\r\n");
    assertNotNull(request);
    assertEquals(stays, request.keepAlive());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"GET\n\n", "\n\n", "GET / FTP/1\n\n", "GET x HTTP/1.1\n\n", "a b c d\n\n"})
  void refusesNonsense(String text) {
    assertEquals(400, parse(text).fault());
  }

  @Test
  void refusesWhatIsTooLong() {
    assertEquals(431, parse("GET /" + "x".repeat(HttpRequest.MOST_BYTES)).fault());
  }

  @ParameterizedTest
  @CsvSource({
    "/bytes/0, 0",
    "/bytes/104857600, 104857600",
    "/bytes/-1, -1",
    "/bytes/, -1",
    "/bytes/1x, -1",
    "/bytes/99999999999999, -1",
    "/byte/1, -1"
  })
  void readsTheLengthAskedFor(String target, long bytes) {
    assertEquals(bytes, Http.bytes(target));
  }
}
