#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>

/* An eventfd that neither blocks nor reaches child processes; -1 on failure. Glibc's module does not export it. */
static inline int crossdock_eventfd(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

/* Swift can neither import the variadic rd_kafka_producev nor fill its union comfortably.
 * Headers go in as a list: single RD_KAFKA_VTYPE_HEADER entries are freed twice when producing fails (issue 4627).
 * A NULL key or value is null; a pointer with size 0 is empty. On success the message owns `headers`. */
static inline rd_kafka_error_t *crossdock_produce(rd_kafka_t *handle, const char *topic, const void *key,
                                                  size_t key_size, const void *value, size_t value_size,
                                                  rd_kafka_headers_t *headers, uintptr_t number) {
    rd_kafka_vu_t parts[6];
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = topic;
    parts[1].vtype = RD_KAFKA_VTYPE_KEY;
    parts[1].u.mem.ptr = (void *)key;
    parts[1].u.mem.size = key_size;
    parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[2].u.mem.ptr = (void *)value;
    parts[2].u.mem.size = value_size;
    parts[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[3].u.i = RD_KAFKA_MSG_F_COPY;
    parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
    parts[4].u.ptr = (void *)number;
    parts[5].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[5].u.headers = headers;
    return rd_kafka_produceva(handle, parts, headers ? 6 : 5);
}

/* The message's _private, which is the number given to crossdock_produce. */
static inline uintptr_t crossdock_message_number(const rd_kafka_message_t *message) {
    return (uintptr_t)message->_private;
}
