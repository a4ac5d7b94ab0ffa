package wisp.core.tcp;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks an {@code int} that is a sequence number (RFC 9293 §3.4): it counts modulo 2^32, so it has
 * no order of its own and is compared by {@link Seq} only. A class of its own would cost 16 bytes
 * per field; this costs none.
 */
@Documented
@Target(ElementType.TYPE_USE)
@Retention(RetentionPolicy.CLASS)
public @interface SeqNum {}
