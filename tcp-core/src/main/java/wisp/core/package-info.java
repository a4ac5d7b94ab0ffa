/**
 * The protocol. No clock, socket, thread or random source in here: packets, time and entropy come
 * in as arguments, so that one seed replays one history. Rooms: {@code wire} (headers), {@code ip},
 * {@code tcp} (RFC 9293), {@code stack} (the public API), {@code spi} (what others implement). Read
 * {@code tcp.SegmentArrives} first.
 */
@NullMarked
package wisp.core;

import org.jspecify.annotations.NullMarked;
