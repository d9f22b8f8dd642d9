#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// What a server does, as plain functions: libmicrohttpd's closed enumerations and variadic calls stay on this side.
struct crossdock_http_handler {
    void *context;
    void *(*begin)(void *context, const char *target);
    int (*receive)(void *context, void *request, struct MHD_Connection *connection, const char *method,
                   const char *upload, size_t *upload_size);
    void (*finished)(void *context, void *request);
};

struct crossdock_http_limits {
    unsigned int connections;
    unsigned int connections_per_address;
    unsigned int idle_seconds;
    size_t connection_memory;
};

static void *crossdock_http_begin(void *handler, const char *target, struct MHD_Connection *connection) {
    (void) connection;
    struct crossdock_http_handler *h = (struct crossdock_http_handler *) handler;
    return h->begin(h->context, target);
}

static enum MHD_Result crossdock_http_receive(void *handler, struct MHD_Connection *connection, const char *url,
                                              const char *method, const char *version, const char *upload,
                                              size_t *upload_size, void **request) {
    (void) url;
    (void) version;
    struct crossdock_http_handler *h = (struct crossdock_http_handler *) handler;
    return h->receive(h->context, *request, connection, method, upload, upload_size) ? MHD_YES : MHD_NO;
}

static void crossdock_http_finished(void *handler, struct MHD_Connection *connection, void **request,
                                    enum MHD_RequestTerminationCode code) {
    (void) connection;
    (void) code;
    struct crossdock_http_handler *h = (struct crossdock_http_handler *) handler;
    void *finished = *request;
    *request = NULL;
    if (finished != NULL) h->finished(h->context, finished);
}

// A listening socket, or -1 and errno: made here since the library does not keep the reason of a failure.
static inline int crossdock_http_listen(const char *address, unsigned short port) {
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr *socket_address;
    socklen_t size;
    int family;
    memset(&v4, 0, sizeof v4);
    memset(&v6, 0, sizeof v6);
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        socket_address = (struct sockaddr *) &v4;
        size = sizeof v4;
        family = AF_INET;
    } else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        socket_address = (struct sockaddr *) &v6;
        size = sizeof v6;
        family = AF_INET6;
    } else {
        errno = EINVAL;
        return -1;
    }
    int listening = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listening < 0) return -1;
    int on = 1;
    (void) setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listening, socket_address, size) == 0 && listen(listening, 511) == 0) return listening;
    int reason = errno;
    close(listening);
    errno = reason;
    return -1;
}

// The port that a socket is bound to.
static inline unsigned short crossdock_http_port(int listening) {
    struct sockaddr_in6 address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(listening, (struct sockaddr *) &address, &size) != 0) return 0;
    return ntohs(address.sin6_port); // at the same place in both families
}

// Starts a daemon without threads on a listening socket, which it owns from then on; NULL where that fails.
// `handler` must live until the daemon has stopped.
static inline struct MHD_Daemon *crossdock_http_start(int listening, struct crossdock_http_limits limits,
                                                      struct crossdock_http_handler *handler) {
    unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, &crossdock_http_receive, handler, MHD_OPTION_LISTEN_SOCKET, (MHD_socket) listening,
        MHD_OPTION_URI_LOG_CALLBACK, &crossdock_http_begin, handler, MHD_OPTION_NOTIFY_COMPLETED,
        &crossdock_http_finished, handler, MHD_OPTION_CONNECTION_LIMIT, limits.connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits.connections_per_address, MHD_OPTION_CONNECTION_TIMEOUT,
        limits.idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.connection_memory, MHD_OPTION_END);
}

// The daemon's epoll descriptor, -1 where there is none.
static inline int crossdock_http_epoll(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info == NULL ? -1 : info->epoll_fd;
}

// Milliseconds until the daemon wants to run again, -1 where it waits for sockets only.
static inline long long crossdock_http_timeout(struct MHD_Daemon *daemon) {
    MHD_UNSIGNED_LONG_LONG milliseconds = 0;
    return MHD_get_timeout(daemon, &milliseconds) == MHD_YES ? (long long) milliseconds : -1;
}

struct crossdock_http_field_visitor {
    void *context;
    void (*visit)(void *context, const char *name, size_t name_size, const char *value, size_t value_size);
};

static enum MHD_Result crossdock_http_visit(void *visitor, enum MHD_ValueKind kind, const char *name,
                                            size_t name_size, const char *value, size_t value_size) {
    (void) kind;
    struct crossdock_http_field_visitor *v = (struct crossdock_http_field_visitor *) visitor;
    v->visit(v->context, name, name_size, value == NULL ? "" : value, value == NULL ? 0 : value_size);
    return MHD_YES;
}

static inline void crossdock_http_headers(struct MHD_Connection *connection,
                                          struct crossdock_http_field_visitor *visitor) {
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &crossdock_http_visit, visitor);
}

static inline const char *crossdock_http_header(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

// A response with a copy of these bytes.
static inline struct MHD_Response *crossdock_http_response(const void *bytes, size_t size) {
    return MHD_create_response_from_buffer(size, (void *) bytes, MHD_RESPMEM_MUST_COPY);
}

// A body that begins with `start` and goes on with one byte until it is `size` long, made while it is sent.
struct crossdock_http_filling {
    size_t start_size;
    unsigned char filler;
    unsigned char start[];
};

static ssize_t crossdock_http_fill(void *context, uint64_t position, char *buffer, size_t size) {
    const struct crossdock_http_filling *filling = (const struct crossdock_http_filling *) context;
    memset(buffer, filling->filler, size);
    if (position < filling->start_size) {
        size_t left = filling->start_size - (size_t) position;
        memcpy(buffer, filling->start + position, left < size ? left : size);
    }
    return (ssize_t) size;
}

static inline struct MHD_Response *crossdock_http_filled_response(const void *start, size_t start_size,
                                                                  unsigned char filler, uint64_t size) {
    struct crossdock_http_filling *filling =
        (struct crossdock_http_filling *) malloc(sizeof(struct crossdock_http_filling) + start_size);
    if (filling == NULL) return NULL;
    filling->start_size = start_size;
    filling->filler = filler;
    if (start_size > 0) memcpy(filling->start, start, start_size);
    struct MHD_Response *made =
        MHD_create_response_from_callback(size, 65536, &crossdock_http_fill, filling, &free);
    if (made == NULL) free(filling);
    return made;
}

// The connection's socket, -1 where there is none.
static inline int crossdock_http_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : (int) info->connect_fd;
}

// Whether the peer has closed a connection that it has nothing more to say on.
static inline int crossdock_http_is_gone(int socket) {
    char byte;
    ssize_t count = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

// Sends what the socket takes now: the count, or -1 where the connection is broken.
static inline ssize_t crossdock_http_send(int socket, const void *bytes, size_t size) {
    ssize_t count = send(socket, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : count;
}

// Tells the peer that nothing more follows.
static inline void crossdock_http_end_sending(int socket) { (void) shutdown(socket, SHUT_WR); }

static inline int crossdock_http_add_header(struct MHD_Response *response, const char *name, const char *value) {
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static inline int crossdock_http_answer(struct MHD_Connection *connection, unsigned int status,
                                        struct MHD_Response *response) {
    return MHD_queue_response(connection, status, response) == MHD_YES;
}

static inline void crossdock_http_run(struct MHD_Daemon *daemon) { (void) MHD_run(daemon); }
