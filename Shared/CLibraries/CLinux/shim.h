#pragma once
// What the Swift module Glibc does not show of the kernel's interface.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

// Enumerations in C, awkward in Swift: as plain numbers.
static inline int crossdock_epoll_cloexec(void) { return EPOLL_CLOEXEC; }
static inline int crossdock_eventfd_flags(void) { return EFD_CLOEXEC | EFD_NONBLOCK; }
static inline int crossdock_signalfd_flags(void) { return SFD_CLOEXEC | SFD_NONBLOCK; }
