package wisp.core;

import java.util.EnumMap;
import java.util.Map;

/** What a context has counted since it was made. Read from the context's thread. */
public final class Counters {
  /** What is counted. A packet that is dropped is counted once, by the first reason found. */
  public enum Event {
    /** Packets received from the link. */
    PACKETS_RECEIVED,
    /** Packets handed to the link. */
    PACKETS_SENT,
    /** TCP segments received that passed all header checks. */
    SEGMENTS_RECEIVED,
    /** TCP segments sent. */
    SEGMENTS_SENT,
    /** UDP datagrams that reached a port. */
    DATAGRAMS_RECEIVED,
    /** UDP datagrams sent, each once, in however many fragments. */
    DATAGRAMS_SENT,
    /** Payload bytes delivered to handlers. */
    BYTES_DELIVERED,
    /** Payload bytes acknowledged by peers. */
    BYTES_ACKNOWLEDGED,
    /** Segments resent, by time-out or fast retransmit. */
    SEGMENTS_RETRANSMITTED,
    /** Retransmission time-outs. */
    TIMEOUTS,
    /** Fast retransmits. */
    FAST_RETRANSMITS,
    /** Recoveries that turned out to have been for nothing: cwnd was put back (RFC 4015). */
    RECOVERIES_UNDONE,
    /** Segments with text that a router had marked: congestion experienced (RFC 3168). */
    ECN_CE_RECEIVED,
    /** Times that cwnd was reduced because a peer echoed such marks. */
    ECN_REDUCTIONS,
    /** Time-outs that turned out to have been for nothing (RFC 5682, RFC 4015). */
    TIMEOUTS_UNDONE,
    /** Probes for a loss of the last segments (RFC 8985 §7). */
    TAIL_LOSS_PROBES,
    /** Duplicates that peers reported to have received (RFC 2883). */
    DUPLICATES_HEARD_OF,
    /** Zero-window probes sent. */
    WINDOW_PROBES,
    /** Connections ended because memory was short and the peer's window long shut (RFC 6429). */
    PERSISTS_ENDED,
    /** Blocks refused to what ends a connection or holds data: there was none at all. */
    REFUSED_ESSENTIAL,
    /** Blocks refused to open connections with new work: what was left is kept for the former. */
    REFUSED_ORDINARY,
    /** Blocks refused to connections that begin. */
    REFUSED_NEW,
    /** Blocks refused to text beyond a hole, and to precautions. */
    REFUSED_HELD_TEXT,
    /** Blocks refused to peers above their share, since others may want them. */
    REFUSED_PEER_SHARE,
    /** Sends refused for want of memory; {@code onWritable} followed, or will. */
    SENDS_REFUSED,
    /** Frames refused for want of memory. */
    FRAMES_REFUSED,
    /** Our opens refused for want of memory. */
    OPENS_REFUSED,
    /** Blocks of connections at rest taken back for others before their time. */
    DROWSY_TAKEN,
    /** Blocks of text beyond a hole taken back for others: it was never acknowledged. */
    HELD_TEXT_TAKEN,
    /** Keep-alive probes sent. */
    KEEP_ALIVES,
    /** Segments larger than the path was known to carry, sent to find out (RFC 4821). */
    MTU_PROBES,
    /** Paths found to be narrower than believed, by a router's word or by silence. */
    PATHS_NARROWED,
    /** ICMP errors that reached the connection or port they were about. */
    ICMP_ERRORS_RECEIVED,
    /** Connections that reached ESTABLISHED from LISTEN. */
    ACCEPTED,
    /** Connections that reached ESTABLISHED from SYN-SENT. */
    CONNECTED,
    /** Connections of a former process that went on. */
    RECORDS_RESTORED,
    /** Those that could not, and were reset: they were in hand at its end, or nobody's now. */
    RECORDS_RESET,
    /** Half-open ones, and those in TIME-WAIT, that were forgotten. */
    RECORDS_FORGOTTEN,
    /** SYNs answered without keeping anything of them (RFC 4987 §3.6). */
    SYN_COOKIES_SENT,
    /** Connections that came back from such an answer. */
    SYN_COOKIES_ACCEPTED,
    /** ACKs that came while cookies were about and confirmed none (answered by RST). */
    SYN_COOKIES_REFUSED,
    /** ACKs of a stateless listener's cookies that were too old (answered by RST). */
    SYN_COOKIES_EXPIRED,
    /** Bare ACKs of a stateless listener's cookies, of which nothing was made. */
    STATELESS_ACKS,
    /** Keep-alive probes of peers of which nothing was kept, answered. */
    STATELESS_PROBES,
    /** Connections opened by a SYN with a Fast Open cookie, before the handshake was over. */
    FAST_OPENS_ACCEPTED,
    /** Fast Open cookies given to clients. */
    FAST_OPEN_COOKIES_SENT,
    /** SYNs with Fast Open taken as others are: a cookie that is none of ours, or too many wait. */
    FAST_OPENS_REFUSED,
    /** SYNs of ours with text. */
    FAST_OPENS_SENT,
    /** Of them those whose SYN-ACK confirmed text. */
    FAST_OPENS_CONFIRMED,
    /** Fast Open cookies that servers gave us. */
    FAST_OPEN_COOKIES_RECEIVED,
    /** Connections that ended. */
    CLOSED,
    /** RST segments sent. */
    RESETS_SENT,
    /** Connections reset by the peer. */
    RESETS_RECEIVED,
    /** Challenge ACKs sent (RFC 5961). */
    CHALLENGE_ACKS,
    /** ICMP echo requests answered. */
    ECHO_REPLIES,
    /** ICMP errors sent. */
    ICMP_ERRORS_SENT,
    /** ARP requests answered. */
    ARP_REPLIES,
    /** Neighbour solicitations answered (RFC 4861 §7.2.4). */
    NEIGHBOUR_ADVERTISEMENTS,
    /** Solicitations sent for neighbours, by ARP or neighbour discovery. */
    NEIGHBOUR_SOLICITATIONS,
    /** Neighbours that left the cache to make room for others. */
    NEIGHBOURS_EVICTED,
    /** Neighbours that did not answer and were forgotten. */
    NEIGHBOURS_FAILED,
    /** Own addresses that another station turned out to have, before they were used (RFC 4862). */
    ADDRESS_DUPLICATES,
    /** Messages in which another station claims an address that we use. */
    ADDRESS_CONFLICTS,
    /** Well-formed redirects, which are not followed. */
    REDIRECTS_IGNORED,
    /** Exceptions thrown by handlers. */
    HANDLER_FAILURES,
    /**
     * Connections that left TIME-WAIT, or FIN-WAIT-2 after a full close, early for want of room.
     */
    TIME_WAIT_EVICTED,
    /** Datagrams put together from fragments. */
    REASSEMBLED,
    /** Dropped: a frame cut short, not for our station, or of a type that is not spoken here. */
    DROP_ETHERNET,
    /** Dropped: malformed ARP. */
    DROP_ARP,
    /** Dropped: malformed neighbour discovery, or from beyond the link (RFC 4861 §6.1, §7.1). */
    DROP_NDP,
    /** Dropped: a malformed multicast listener query, or from beyond the link (RFC 3810 §6.2). */
    DROP_MLD,
    /** Dropped: a packet of ours that waited for a neighbour, or could not. */
    DROP_NEIGHBOUR_WAIT,
    /** Dropped: shorter than an IPv4 header, or than its lengths say. */
    DROP_IP_LENGTH,
    /** Dropped: IP version is not one that is spoken here. */
    DROP_IP_VERSION,
    /** Dropped: IPv4 header checksum. */
    DROP_IP_CHECKSUM,
    /** Dropped: source address that can't be one (broadcast, multicast, loopback, our own). */
    DROP_IP_SOURCE,
    /** Dropped: an IPv4 source route that is malformed, or does not end here. */
    DROP_IP_SOURCE_ROUTE,
    /** Dropped: not for us. */
    DROP_IP_DESTINATION,
    /** Dropped: a fragment. */
    DROP_IP_FRAGMENT,
    /** Dropped: a fragment whose lengths or ECN bits are wrong, or contradict the others. */
    DROP_FRAGMENT_MALFORMED,
    /** Dropped: fragments of a datagram in which two overlap. */
    DROP_FRAGMENT_OVERLAP,
    /** Dropped: a fragment that came before. */
    DROP_FRAGMENT_DUPLICATE,
    /** Dropped: fragments of a datagram for which there was no room, or no longer. */
    DROP_FRAGMENT_BUDGET,
    /** Dropped: fragments of a datagram that took too long. */
    DROP_FRAGMENT_TIMEOUT,
    /** Dropped: an IPv6 extension header that is malformed or must be understood. */
    DROP_IP_EXTENSION,
    /** Dropped: a protocol that is not spoken here. */
    DROP_IP_PROTOCOL,
    /** Dropped: malformed or unknown ICMP. */
    DROP_ICMP,
    /** Dropped: UDP, for which there is no port (answered by port unreachable). */
    DROP_UDP,
    /** Dropped: UDP whose length field is below 8, or beyond the IP payload. */
    DROP_UDP_LENGTH,
    /** Dropped: UDP checksum; over IPv6 also none at all. */
    DROP_UDP_CHECKSUM,
    /** Dropped: TCP header cut short or data offset wrong. */
    DROP_TCP_LENGTH,
    /** Dropped: TCP checksum. */
    DROP_TCP_CHECKSUM,
    /** Dropped: TCP port 0. */
    DROP_TCP_PORT,
    /** Dropped: no connection and no listener (answered by RST unless it was one, or too many). */
    DROP_NO_CONNECTION,
    /** Of these, the ones that were not answered, since too many were in that second. */
    RESETS_WITHHELD,
    /** Dropped: of a flow that belongs to another context on the same device. */
    DROP_OTHER_CONTEXT,
    /** Dropped: a flag combination that means nothing in this state. */
    DROP_FLAGS,
    /** Dropped: outside the window. */
    DROP_WINDOW,
    /** Dropped: timestamp older than the last one (PAWS), or missing. */
    DROP_PAWS,
    /** Dropped: acknowledges what was never sent or long ago. */
    DROP_ACK,
    /** Dropped: SYN queue full. */
    DROP_SYN_QUEUE,
    /** Dropped: a SYN of a peer that has as many half-open connections as one may. */
    DROP_PEER_HALF_OPEN,
    /** Dropped: it would have opened a connection of a peer that has as many as one may. */
    DROP_PEER_CONNECTIONS,
    /** Dropped: it would have opened a connection that the application has no room for. */
    DROP_NOT_ACCEPTED,
    /** Dropped: for a stateless listener, and confirms no cookie; the first text may be behind. */
    DROP_UNCONFIRMED,
    /** Dropped: no memory for a record. */
    DROP_NO_RECORD,
    /** Dropped: no memory for a block. */
    DROP_NO_BLOCK,
    /** Dropped: memory is short, and its peer has its share of it. */
    DROP_PEER_SHARE,
    /** Dropped: text beyond a hole of a connection that holds as much as one may. */
    DROP_HELD_LIMIT,
    /** Dropped: a packet of ours for which there is no way. */
    DROP_NO_ROUTE,
    /** Dropped: the link had no room for a packet of ours. */
    DROP_LINK_FULL
  }

  private static final Event[] EVENTS = Event.values();
  private final long[] counts = new long[EVENTS.length];

  /** Adds one. */
  public void add(Event event) {
    counts[event.ordinal()]++;
  }

  /** Adds {@code n}. */
  public void add(Event event, long n) {
    counts[event.ordinal()] += n;
  }

  /** How often it happened, or how many bytes. */
  public long get(Event event) {
    return counts[event.ordinal()];
  }

  /** Everything received and not used, summed over all reasons. */
  public long drops() {
    long sum = 0;
    for (Event event : EVENTS) {
      if (event.name().startsWith("DROP_")) {
        sum += get(event);
      }
    }
    return sum;
  }

  /** All counts that are not zero, in the order of {@link Event}. */
  public Map<Event, Long> nonZero() {
    var map = new EnumMap<Event, Long>(Event.class);
    for (Event event : EVENTS) {
      if (get(event) != 0) {
        map.put(event, get(event));
      }
    }
    return map;
  }
}
