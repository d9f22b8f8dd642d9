#pragma once
#include <curl/curl.h>

// libcurl's variadic calls, one function for each type of argument.
static inline CURLcode crossdock_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode crossdock_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode crossdock_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode crossdock_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*crossdock_curl_take)(char *bytes, size_t size, size_t count, void *context);
typedef int (*crossdock_curl_seek)(void *context, curl_off_t offset, int origin);

// Answer, headers and body of one transfer.
static inline void crossdock_curl_set_transfer(CURL *handle, void *context, crossdock_curl_take body,
                                               crossdock_curl_take header) {
    curl_easy_setopt(handle, CURLOPT_PRIVATE, context);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
}
static inline void crossdock_curl_set_upload(CURL *handle, void *context, crossdock_curl_take read,
                                             crossdock_curl_seek seek) {
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, read);
    curl_easy_setopt(handle, CURLOPT_READDATA, context);
    curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, seek);
    curl_easy_setopt(handle, CURLOPT_SEEKDATA, context);
}

// Connections that this handle opens: `opened` is told of them, `closing` closes them, whoever uses them by then.
typedef int (*crossdock_curl_open)(void *context, curl_socket_t socket, curlsocktype purpose);
typedef int (*crossdock_curl_close)(void *context, curl_socket_t socket);

static inline void crossdock_curl_set_connections(CURL *handle, void *context, crossdock_curl_open opened,
                                                  crossdock_curl_close closing) {
    curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, opened);
    curl_easy_setopt(handle, CURLOPT_SOCKOPTDATA, context);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, closing);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, context);
}

// What a transfer does on the wire, as it happens.
typedef int (*crossdock_curl_debug)(CURL *handle, curl_infotype kind, char *bytes, size_t count, void *context);

static inline void crossdock_curl_set_debug(CURL *handle, void *context, crossdock_curl_debug note) {
    curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, note);
    curl_easy_setopt(handle, CURLOPT_DEBUGDATA, context);
    curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);
}

typedef int (*crossdock_curl_socket)(CURL *handle, curl_socket_t socket, int what, void *context, void *of_socket);
typedef int (*crossdock_curl_timer)(CURLM *multi, long milliseconds, void *context);

static inline void crossdock_curl_set_loop(CURLM *multi, void *context, crossdock_curl_socket socket,
                                           crossdock_curl_timer timer) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}
static inline void crossdock_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    curl_multi_setopt(multi, option, value);
}

static inline long crossdock_curl_get_long(CURL *handle, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(handle, info, &value) == CURLE_OK ? value : 0;
}
static inline void *crossdock_curl_private(CURL *handle) {
    char *value = NULL;
    return curl_easy_getinfo(handle, CURLINFO_PRIVATE, &value) == CURLE_OK ? value : NULL;
}

// The next transfer that is done: its handle and result; NULL when there is none.
static inline CURL *crossdock_curl_next_done(CURLM *multi, CURLcode *result) {
    int remaining = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &remaining)) != NULL) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}

static inline size_t crossdock_curl_abort_read(void) { return CURL_READFUNC_ABORT; }
static inline int crossdock_curl_refuse_seek(void) { return CURL_SEEKFUNC_FAIL; }
static inline long crossdock_curl_tls12(void) { return CURL_SSLVERSION_TLSv1_2; }
static inline long crossdock_curl_http11(void) { return CURL_HTTP_VERSION_1_1; }
static inline unsigned int crossdock_curl_disallow_user(void) { return CURLU_DISALLOW_USER; }
